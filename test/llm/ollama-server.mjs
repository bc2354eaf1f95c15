#!/usr/bin/env node
/**
 * Ollama's API over one model file, with real inference by llama.cpp on one thread of the CPU.
 *
 *   node ollama-server.mjs --model tiny=FILE.gguf [--port 0] [--delay-ms 0] [--parallel 1]
 *
 * Prints one JSON object a line on stdout: `listening` with its url, then `started`, `finished`, `aborted` (the client
 * went; with `eval_count`, the tokens made until then) and `refused`, each with the number of generations that are
 * `running` or wait for their turn. Ends on SIGTERM, SIGINT, and with the process that forked it.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { generateText, makeSlots, RequestError, since } from './generation.mjs';

const bodyBytesMax = 64 * 1024 * 1024;

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string' },
    port: { type: 'string', default: '0' },
    'delay-ms': { type: 'string', default: '0' },
    parallel: { type: 'string', default: '1' },
  },
});
const [modelName, modelFile] = (flags.model ?? '').split('=');
if (!modelName || !modelFile) throw new Error('--model NAME=FILE is missing');
const delayMs = Number(flags['delay-ms']);
const slots = makeSlots(Number(flags.parallel));
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  logLevel: LlamaLogLevel.error,
  maxThreads: 1,
});
const tag = `${modelName}:latest`;
const digest = createHash('sha256').update(readFileSync(modelFile)).digest('hex');
const details = { format: 'gguf', family: 'llama', families: ['llama'], quantization_level: 'F32' };

/** The model while it is in memory, as a promise, so that two requests load it once. */
let resident;

let running = 0;

function report(event) {
  process.stdout.write(`${JSON.stringify({ ...event, running })}\n`);
}

function checkModel(name) {
  if (name !== modelName && name !== tag) throw new RequestError(404, `model '${name ?? ''}' not found`);
}

function load() {
  resident ??= llama.loadModel({ modelPath: modelFile });
  return resident;
}

async function unload() {
  const leaving = await resident;
  resident = undefined;
  await leaving?.dispose();
}

/** The two ways to ask differ in where the prompt stands and where the text goes. */
const endpoints = {
  generate: {
    prompt: (body) => (body.system ? `${body.system}\n${body.prompt ?? ''}` : (body.prompt ?? '')),
    text: (text) => ({ response: text }),
  },
  chat: {
    prompt: (body) => (body.messages ?? []).map(({ role, content }) => `${role}: ${content}\n`).join(''),
    text: (text) => ({ message: { role: 'assistant', content: text } }),
  },
};

async function infer(endpoint, body, response) {
  checkModel(body.model);
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the client went'));
  });
  const chunk = (text, rest) => ({
    model: body.model,
    created_at: new Date().toISOString(),
    ...endpoint.text(text),
    ...rest,
  });
  const prompt = endpoint.prompt(body);
  if (prompt === '') {
    const done_reason = body.keep_alive === 0 ? 'unload' : 'load';
    await (body.keep_alive === 0 ? unload() : load());
    return sendJson(response, 200, chunk('', { done: true, done_reason }));
  }
  const stats = { eval_count: 0 };
  running++;
  report({ event: 'started', model: body.model });
  try {
    const pieces = inSlot({ ...body, prompt, delayMs }, gone.signal, stats);
    await (body.stream === false ? sendWhole : sendStream)(response, pieces, chunk, stats);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    running--;
  }
  report({
    event: gone.signal.aborted ? 'aborted' : 'finished',
    model: body.model,
    eval_count: stats.eval_count,
  });
}

/** Waits for a slot, then generates in it. */
async function* inSlot(request, signal, stats) {
  const startedNs = process.hrtime.bigint();
  await slots.take(signal);
  try {
    const loadStartedNs = process.hrtime.bigint();
    const model = await load();
    stats.load_duration = since(loadStartedNs);
    yield* generateText(model, request, signal, stats);
    stats.total_duration = since(startedNs);
  } finally {
    slots.give();
  }
}

async function sendStream(response, pieces, chunk, stats) {
  for await (const piece of pieces) {
    // Ollama, too, sends its headers with the first text: what fails before has a status of its own.
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write(`${JSON.stringify(chunk(piece, { done: false }))}\n`);
  }
  response.end(`${JSON.stringify(chunk('', { done: true, ...stats }))}\n`);
}

async function sendWhole(response, pieces, chunk, stats) {
  let text = '';
  for await (const piece of pieces) text += piece;
  sendJson(response, 200, chunk(text, { done: true, ...stats }));
}

function sendJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

async function readJson(request) {
  const pieces = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > bodyBytesMax) throw new RequestError(413, 'http: request body too large');
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch (error) {
    throw new RequestError(400, error.message);
  }
}

function listing() {
  const modified_at = statSync(modelFile).mtime.toISOString();
  return { name: tag, model: tag, modified_at, size: statSync(modelFile).size, digest, details };
}

const routes = {
  'GET /': async (_request, response) => response.end('Ollama is running'),
  'GET /api/version': async (_request, response) => sendJson(response, 200, { version: '0.12.6-tiny' }),
  'GET /api/tags': async (_request, response) => sendJson(response, 200, { models: [listing()] }),
  'GET /api/ps': async (_request, response) => {
    const entry = { ...listing(), size_vram: 0, expires_at: '2099-01-01T00:00:00Z', context_length: 1024 };
    sendJson(response, 200, { models: resident ? [entry] : [] });
  },
  'POST /api/show': async (request, response) => {
    const body = await readJson(request);
    checkModel(body.model ?? body.name);
    const { llama: shape } = (await load()).fileInfo.metadata;
    const model_info = {
      'general.architecture': 'llama',
      'llama.context_length': Number(shape.context_length),
    };
    sendJson(response, 200, { details, model_info, capabilities: ['completion'] });
  },
  'POST /api/generate': async (request, response) =>
    infer(endpoints.generate, await readJson(request), response),
  'POST /api/chat': async (request, response) => infer(endpoints.chat, await readJson(request), response),
};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const route = routes[`${request.method} ${pathname}`];
  try {
    if (route) await route(request, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
  } catch (error) {
    const status = error.status ?? 500;
    report({ event: 'refused', status, path: pathname, error: error.message });
    if (response.headersSent) response.end(`${JSON.stringify({ error: error.message })}\n`);
    else sendJson(response, status, { error: error.message });
  }
});

function stop() {
  server.close();
  server.closeAllConnections();
  process.exit(0);
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop); // the forking process has died, however it did
server.listen(Number(flags.port), '127.0.0.1', () => {
  report({ event: 'listening', url: `http://127.0.0.1:${server.address().port}` });
});
