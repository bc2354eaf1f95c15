import type { ServerResponse } from 'node:http';
import { type Exchange, fakeCalls, fakeModes } from './fake-ollama-modes.ts';

/** One generation that the fake was asked for. */
export interface OpenaiExchange extends Exchange {
  /** What came in the header `authorization`. */
  readonly authorization: string;
  /** The bytes of an event with a chunk. */
  readonly chunk: (fields: object) => Buffer;
  /** The bytes of an event with a chunk of one choice. */
  readonly choice: (delta: object, finishReason?: string | null) => Buffer;
}

type Play = (exchange: OpenaiExchange) => void | Promise<void>;

const done = 'data: [DONE]\n\n';

/** What goes wrong between a client and any server that streams; the bytes of the pieces come from the exchange. */
const { ok, slow, hang, garbage, cut, empty, huge, redirect } = fakeModes;
const shared = {
  ok,
  slow,
  hang,
  garbage,
  cut,
  empty,
  huge,
  redirect,
  'hang-after-first': fakeModes['hang-after-first'],
  'huge-line': fakeModes['huge-line'],
  'split-bytes': fakeModes['split-bytes'],
  'not-http': fakeModes['not-http'],
  'reset-before-headers': fakeModes['reset-before-headers'],
  'end-without-done': fakeModes['end-without-done'],
  /** An error alone, under status 200 and in no event: llama.cpp until September 2025. */
  'error-line': fakeModes['error-line'],
};

/** What the fake can do when asked for a generation. Each stands for something that real servers do. */
export const fakeOpenaiModes = {
  ...shared,
  /** llama.cpp tells how long it took. */
  timings: ({ response, token, chunk, last }) => {
    const timings = { prompt_n: 7, prompt_ms: 1.5, predicted_n: 1, predicted_ms: 2.25 };
    stream(response, [token('word'), chunk({ choices: [], timings }), last('stop')]);
  },
  /** The end that OpenAI does not allow, and servers send all the same: nothing after the finish_reason. */
  'no-done': ({ response, token, choice }) => stream(response, [token('word'), choice({}, 'stop')]),
  'done-alone': ({ response, token }) => stream(response, [token('word'), done]),
  /** CRLF, comments, events without data, fields that mean nothing to us, an error that is null. */
  chatty: ({ response, chunk }) => {
    const fields = {
      error: null,
      choices: [{ index: 0, delta: { content: 'word' }, finish_reason: 'stop' }],
    };
    const events = [': ping\n\n', 'data:\n\n', 'id: 7\nretry: 100\nevent: message\n', chunk(fields), done];
    const text = events.map(String).join('').replaceAll('\n', '\r\n');
    stream(response, [text]);
  },
  /** One event whose data stands in several lines. */
  'data-in-lines': ({ response }) => {
    const lines = JSON.stringify(
      { choices: [{ delta: { content: 'word' }, finish_reason: 'stop' }] },
      null,
      1,
    );
    const data = lines.split('\n').map((line) => `data: ${line}\n`);
    stream(response, [...data, '\n', done]);
  },
  thoughts: ({ response, choice, token, last }) => {
    stream(response, [choice({ reasoning_content: 'Hm. ' }), token('word'), last('stop')]);
  },
  'thoughts-alone': ({ response, choice, last }) => {
    stream(response, [choice({ reasoning_content: 'Hm. ' }), last('stop')]);
  },
  'thoughts-until-length': ({ response, choice, last }) => {
    stream(response, [choice({ reasoning: 'Hm. ' }), last('length')]);
  },
  'tool-call': ({ response, choice, last }) => {
    stream(response, [choice({ tool_calls: [{ function: { name: 'search' } }] }), last('tool_calls')]);
  },
  /** Two calls, the arguments of each in pieces. */
  'tool-calls': ({ response, choice, last }) => {
    const pieces = fakeCalls.flatMap(({ name, arguments: called }, index) => {
      const args = JSON.stringify(called);
      const begun = { index, id: `id-${index}`, type: 'function', function: { name, arguments: '' } };
      const rest = [args.slice(0, 4), args.slice(4)].map((piece) => ({
        index,
        function: { arguments: piece },
      }));
      return [begun, ...rest];
    });
    const chunks = pieces.map((piece) => choice({ tool_calls: [piece] }));
    stream(response, [choice({ reasoning_content: 'Hm. ' }), ...chunks, last('tool_calls')]);
  },
  'tool-broken': ({ response, choice, last }) => {
    const called = { name: 'search', arguments: '{"q": "' };
    stream(response, [
      choice({ tool_calls: [{ index: 0, id: 'id-0', function: called }] }),
      last('tool_calls'),
    ]);
  },
  /** The same, because the tokens were used up. */
  'tool-cut': ({ response, choice, last }) => {
    const called = { name: 'search', arguments: '{"q": "' };
    stream(response, [choice({ tool_calls: [{ index: 0, id: 'id-0', function: called }] }), last('length')]);
  },
  filtered: ({ response, last }) => stream(response, [last('content_filter')]),
  'filtered-late': ({ response, token, last }) => stream(response, [token('word'), last('content_filter')]),
  abandoned: ({ response, token, last }) => stream(response, [token('word'), last('abort')]),
  'error-event': ({ response, token }) => {
    const error = { message: 'CUDA error: out of memory', type: 'InternalServerError', code: 500 };
    stream(response, [token('first'), `data: ${JSON.stringify({ error })}\n\n`, done]);
  },
  /** LM Studio. */
  'error-typed': ({ response, token }) => {
    stream(response, [token('first'), 'event: error\ndata: {"error":"The model has crashed."}\n\n']);
  },
  /** llama.cpp until September 2025. */
  'error-field': ({ response }) => {
    stream(response, ['error: {"code":500,"message":"slot unavailable","type":"server_error"}\n\n', done]);
  },
  'too-long-in-stream': ({ response }) => {
    const message =
      'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with ' +
      'context length of only 4096 tokens, which is not enough.';
    stream(response, [`event: error\ndata: ${JSON.stringify({ error: { message } })}\n\n`]);
  },
  'too-long': ({ response }) => {
    refuse(response, 400, {
      message: "This model's maximum context length is 4096 tokens.",
      code: 'context_length_exceeded',
    });
  },
  'error-500': ({ response }) => refuse(response, 500, { message: 'the engine has died', code: 500 }),
  'busy-503': ({ response }) => {
    response.setHeader('retry-after', '2');
    refuse(response, 503, { code: 503, message: 'Loading model', type: 'unavailable_error' });
  },
  'busy-429': ({ response }) => refuse(response, 429, { message: 'Rate limit reached', code: 'rate_limit' }),
  'bad-request': ({ response }) => {
    refuse(response, 400, { message: 'Unrecognized request argument supplied: top_k', param: null });
  },
  'unknown-model': ({ model, response }) => {
    refuse(response, 404, { message: `The model \`${model}\` does not exist.`, code: 'model_not_found' });
  },
  'not-openai': ({ response }) => refuse(response, 404, { message: '404 page not found' }),
  unauthorized: ({ response, authorization }) => refuse(response, 401, { message: `bad ${authorization}` }),
  /** A server that tells the world what it was told. */
  indiscreet: ({ response, authorization }) =>
    refuse(response, 400, { message: `cannot use ${authorization}` }),
  'indiscreet-stream': ({ response, authorization }) => {
    stream(response, [`data: ${JSON.stringify({ error: { message: `broke on ${authorization}` } })}\n\n`]);
  },
} as const satisfies Record<string, Play>;

export type FakeOpenaiMode = keyof typeof fakeOpenaiModes;

/** Reads a mode from outside, such as a model's name. */
export function isFakeOpenaiMode(name: string): name is FakeOpenaiMode {
  return Object.hasOwn(fakeOpenaiModes, name);
}

function stream(response: ServerResponse, parts: readonly (Buffer | string)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(Buffer.concat(parts.map((part) => Buffer.from(part))));
}

function refuse(response: ServerResponse, status: number, error: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ error }));
}
