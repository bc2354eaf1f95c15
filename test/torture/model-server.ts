import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { answerOf } from './history.ts';
import { parseWork, type Work } from './work.ts';

/**
 * The models' server of a run, a program of its own: `model-server.js LOG NAME=PORT …`. It speaks Ollama and OpenAI on each
 * port, answers with the operation that the prompt names, and writes down each generation before anybody hears of it.
 */

const [logFile = '', ...addresses] = process.argv.slice(2);
const model = 'tiny:latest';
const log = openSync(logFile, 'a');
const boot = `b${process.pid.toString(36)}${Date.now().toString(36)}`;
let generations = 0;
/** Operations that have had their trouble: the next time they are answered. */
const troubled = new Set<string>();

/** One line by one call: it is in the hands of the system when this process is killed. */
function note(entry: object): void {
  writeSync(log, `${JSON.stringify({ atMs: Date.now(), ...entry })}\n`);
}

for (const address of addresses) {
  const [via = '', port = '0'] = address.split('=');
  createServer((request, response) => {
    answer(via, request, response).catch(() => response.destroy());
  }).listen(Number(port), '127.0.0.1');
}

async function answer(via: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = request.method === 'POST' ? ((await json(request)) as Record<string, unknown>) : {};
  const path = request.url ?? '';
  if (
    path === '/api/generate' ||
    path === '/api/chat' ||
    path === '/v1/chat/completions' ||
    path === '/v1/completions'
  ) {
    await generate(via, path, body, response);
    return;
  }
  const known = information[path];
  response.writeHead(known === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(known ?? { error: 'not found' }));
}

const listed = { name: model, model, size: 1_000_000, digest: 'a'.repeat(64), details: { family: 'llama' } };
const information: Readonly<Record<string, object>> = {
  '/api/version': { version: '0.13.0' },
  '/api/tags': { models: [listed] },
  '/api/ps': {
    models: [{ ...listed, expires_at: '2099-01-01T00:00:00Z', size_vram: 0, context_length: 65_536 }],
  },
  '/api/show': {
    details: listed.details,
    model_info: { 'general.architecture': 'llama', 'llama.context_length': 65_536 },
    capabilities: ['completion'],
  },
  '/v1/models': { object: 'list', data: [{ id: model, object: 'model', max_model_len: 65_536 }] },
};

async function generate(
  via: string,
  path: string,
  body: Record<string, unknown>,
  response: ServerResponse,
): Promise<void> {
  const work = parseWork(JSON.stringify(body));
  generations += 1;
  const id = `${boot}.${generations}`;
  note({ event: 'begun', id, op: work.op, via });
  let isOver = false;
  response.on('close', () => {
    if (!isOver) note({ event: 'left', id });
    isOver = true;
  });
  const trouble = troubled.has(work.op) ? 'none' : work.trouble;
  troubled.add(work.op);
  const breaks = (): void => {
    isOver = true;
    note({ event: 'broke', id, trouble });
  };
  if (trouble === 'error') {
    breaks();
    response.writeHead(500).end('{"error":"out of order"}');
    return;
  }
  for (const [index, piece] of piecesOf(answerOf(work.op, id), work).entries()) {
    await pause(work.paceMs);
    if (isOver) return;
    response.write(frameOf(path, piece));
    if (trouble === 'cut' && index === 1) {
      breaks();
      response.destroy();
      return;
    }
  }
  // First the note, then the last word: who has the whole answer has it of a generation that is on record as complete.
  isOver = true;
  note({ event: 'complete', id });
  response.end(lastOf(path));
}

function piecesOf(text: string, { pieces }: Work): string[] {
  const length = Math.ceil(text.length / pieces);
  return Array.from({ length: pieces }, (_, at) => text.slice(at * length, (at + 1) * length));
}

function frameOf(path: string, text: string): string {
  if (path === '/api/generate') return `${JSON.stringify({ model, response: text, done: false })}\n`;
  if (path === '/api/chat')
    return `${JSON.stringify({ model, message: { role: 'assistant', content: text }, done: false })}\n`;
  const choice = path === '/v1/completions' ? { text } : { delta: { content: text } };
  return `data: ${JSON.stringify({ id: 'c', model, choices: [{ index: 0, ...choice, finish_reason: null }] })}\n\n`;
}

function lastOf(path: string): string {
  if (path.startsWith('/v1')) {
    const choice = path === '/v1/completions' ? { text: '' } : { delta: {} };
    return `data: ${JSON.stringify({ id: 'c', model, choices: [{ index: 0, ...choice, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;
  }
  const empty = path === '/api/chat' ? { message: { role: 'assistant', content: '' } } : { response: '' };
  return `${JSON.stringify({ model, ...empty, done: true, done_reason: 'stop', prompt_eval_count: 7, eval_count: 9 })}\n`;
}
