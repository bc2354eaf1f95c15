import { type Answer, field, parsed, send, textField } from './asking.ts';
import type { Urls } from './site.ts';
import type { Wish } from './wish.ts';

/** What an answer of a door said of the task. */
export interface Heard {
  readonly answer: Answer;
  /** null when it was refused. */
  readonly taskId: string | null;
  /** Where the answer brought the ending. */
  readonly ending?: { readonly status: string; readonly output: string | null } | undefined;
}

/** @returns undefined when no answer came */
export type AskAtDoor = (urls: Urls, wish: Wish) => Promise<Heard | undefined>;

const delegateByRest: AskAtDoor = async ({ rest }, { prompt, priority, key, door }) => {
  const sync = door === 'rest-sync';
  const answer = await send(`${rest}/task/delegate`, 'POST', { prompt, priority, sync }, keyHeader(key));
  return answer === undefined ? undefined : heardOfTask(answer, parsed(answer.text));
};

function heardOfTask(answer: Answer, task: unknown): Heard {
  return {
    answer,
    taskId: textField(task, 'task_id'),
    ending: endingOf(textField(task, 'status'), textField(task, 'result', 'output')),
  };
}

function endingOf(status: string | null, output: string | null): Heard['ending'] {
  const isOver = status === 'completed' || status === 'failed' || status === 'cancelled';
  return isOver ? { status, output: status === 'completed' ? output : null } : undefined;
}

const mutation = `mutation ($input: TaskInput!) {
  submitTask(input: $input) { success taskId message code task { id status result } }
}`;

const delegateByGraphql: AskAtDoor = async ({ graphql }, { prompt, priority, sync }) => {
  const input = { type: 'GENERAL', prompt, priority, sync };
  const answer = await send(graphql, 'POST', { query: mutation, variables: { input } });
  if (answer === undefined) return undefined;
  const submitted = field(parsed(answer.text), 'data', 'submitTask');
  const status = textField(submitted, 'task', 'status')?.toLowerCase() ?? null;
  const ending = sync ? endingOf(status, textField(submitted, 'task', 'result', 'output')) : undefined;
  return { answer: withRefusal(answer, submitted), taskId: textField(submitted, 'taskId'), ending };
};

const busyCodes: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'WORKER_UNAVAILABLE',
  'SERVER_ERROR',
  'TIMEOUT',
]);

/** GraphQL and MCP say 200 to what they refuse, and why in a code of their own. */
function withRefusal(answer: Answer, refusal: unknown): Answer {
  const code =
    textField(refusal, 'code') ?? textField(field(parsed(answer.text), 'errors', 0, 'extensions'), 'code');
  const isBroken = answer.text.includes('something went wrong');
  return code !== null && busyCodes.has(code) && !isBroken ? { ...answer, status: 503 } : answer;
}

const revision = '2026-07-28';
const envelope = {
  'io.modelcontextprotocol/protocolVersion': revision,
  'io.modelcontextprotocol/clientInfo': { name: 'torture', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const delegateByMcp: AskAtDoor = async ({ rest }, { prompt, priority, key, sync }) => {
  const name = 'koubou_delegate_task';
  const wanted = { prompt, priority, sync, ...(key === null ? {} : { idempotency_key: key }) };
  const params = { name, arguments: wanted, _meta: envelope };
  const answer = await send(
    `${rest}/mcp`,
    'POST',
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': revision,
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
  );
  if (answer === undefined) return undefined;
  const body = parsed(/^data: (.*)$/m.exec(answer.text)?.[1] ?? answer.text);
  const result = field(body, 'result');
  const told = field(result, 'structuredContent');
  const refusal = field(result, '_meta', 'koubou/error');
  const ending = sync ? endingOf(textField(told, 'status'), textField(told, 'output')) : undefined;
  const taskId = textField(told, 'task_id') ?? textField(refusal, 'details', 'task_id');
  return { answer: withRefusal(answer, refusal), taskId, ending };
};

const completeByOpenai: AskAtDoor = async ({ rest }, { prompt, priority, key, isStreamed }) => {
  const asked = { model: 'koubou', messages: [{ role: 'user', content: prompt }], stream: isStreamed };
  const headers = { 'x-koubou-priority': String(priority), ...keyHeader(key) };
  const answer = await send(`${rest}/v1/chat/completions`, 'POST', asked, headers);
  if (answer === undefined) return undefined;
  const chunks = [...answer.text.matchAll(/^data: (\{.*)$/gm)].map(([, chunk]) => parsed(chunk ?? ''));
  const text = isStreamed
    ? chunks.map((chunk) => textField(chunk, 'choices', 0, 'delta', 'content') ?? '').join('')
    : textField(parsed(answer.text), 'choices', 0, 'message', 'content');
  const isWhole = answer.status === 200 && (!isStreamed || answer.text.includes('data: [DONE]'));
  return heardOfFacade(answer, isWhole ? text : null);
};

const generateByOllama: AskAtDoor = async ({ rest }, { prompt, priority, key, isStreamed }) => {
  const asked = { model: 'koubou', prompt, stream: isStreamed };
  const headers = { 'x-koubou-priority': String(priority), ...keyHeader(key) };
  const answer = await send(`${rest}/api/generate`, 'POST', asked, headers);
  if (answer === undefined) return undefined;
  const lines = answer.text.trim().split('\n').map(parsed);
  const isWhole = answer.status === 200 && field(lines.at(-1), 'done') === true;
  return heardOfFacade(
    answer,
    isWhole ? lines.map((line) => textField(line, 'response') ?? '').join('') : null,
  );
};

function heardOfFacade(answer: Answer, text: string | null): Heard {
  const ending = text === null ? undefined : { status: 'completed', output: text };
  return { answer, taskId: answer.headers.get('x-koubou-task-id'), ending };
}

function keyHeader(key: string | null): Record<string, string> {
  return key === null ? {} : { 'idempotency-key': key };
}

export const askAtDoor: Readonly<Record<Exclude<Wish['door'], 'herd'>, AskAtDoor>> = {
  rest: delegateByRest,
  'rest-sync': delegateByRest,
  graphql: delegateByGraphql,
  mcp: delegateByMcp,
  openai: completeByOpenai,
  ollama: generateByOllama,
};
