/** Text out of llama.cpp, a token at a time, and what Ollama reports about it. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Ollama's defaults (docs/modelfile.mdx), but a bound on the length, since our model never ends by itself. */
const defaults = {
  temperature: 0.8,
  top_k: 40,
  top_p: 0.9,
  min_p: 0,
  num_ctx: 1024,
  num_predict: 64,
  stop: [],
};

/** With the status that Ollama gives it. */
export class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Lets so many through at once and the others wait in order, as OLLAMA_NUM_PARALLEL does. */
export function makeSlots(free) {
  const waiting = [];
  return {
    /** Rejects when the signal is aborted first. */
    take(signal) {
      if (free > 0) {
        free--;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => {
          const place = waiting.indexOf(resolve);
          if (place >= 0) waiting.splice(place, 1);
          reject(signal.reason);
        });
      });
    },
    give() {
      const next = waiting.shift();
      if (next) next();
      else free++;
    },
  };
}

/**
 * Yields pieces of text and keeps `stats` up to date, whose keys are those of Ollama's last chunk. Ends early, without
 * an error, once the signal is aborted.
 * @param {{ prompt: string, options?: object, truncate?: boolean, delayMs: number }} request
 */
export async function* generateText(model, request, signal, stats) {
  const options = { ...defaults, ...request.options };
  const context = await model.createContext({ contextSize: options.num_ctx, sequences: 1, threads: 1 });
  try {
    const prompt = promptTokens(model, request, context.contextSize);
    stats.prompt_eval_count = prompt.length;
    stats.eval_count = 0;
    const tokens = evaluate(context, prompt, options, request.delayMs, signal, stats);
    yield* untilStop(texts(model, prompt.at(-1), tokens), [options.stop].flat(), stats);
  } finally {
    await context.dispose();
  }
}

function promptTokens(model, { prompt, truncate = true }, contextSize) {
  const tokens = [model.tokens.bos, ...model.tokenize(prompt, false)];
  if (tokens.length < contextSize) return tokens;
  if (!truncate) throw new RequestError(400, 'the input length exceeds the context length');
  return tokens.slice(-Math.floor(contextSize / 2));
}

/** Yields tokens, and counts and times them. */
async function* evaluate(context, prompt, options, delayMs, signal, stats) {
  const sampling = {
    temperature: options.temperature,
    topK: options.top_k,
    topP: options.top_p,
    minP: options.min_p,
    seed: options.seed,
  };
  const room = context.contextSize - prompt.length;
  const tokensMax = options.num_predict < 0 ? room : Math.min(options.num_predict, room);
  stats.done_reason = 'length';
  let startedNs = process.hrtime.bigint();
  for await (const token of context.getSequence().evaluate(prompt, sampling)) {
    if (signal.aborted) return;
    if (stats.eval_count === 0) {
      stats.prompt_eval_duration = since(startedNs);
      startedNs = process.hrtime.bigint();
    }
    stats.eval_count++;
    stats.eval_duration = since(startedNs);
    yield token;
    if (stats.eval_count >= tokensMax) return;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
  }
}

/** What each token adds to the text: its spaces depend on the token before it. */
async function* texts(model, lastOfPrompt, tokens) {
  let previous = lastOfPrompt;
  for await (const token of tokens) {
    yield model.detokenize([previous, token]).slice(model.detokenize([previous]).length);
    previous = token;
  }
}

/** Ends before the first stop sequence. Holds back as much text as may still become one. */
async function* untilStop(pieces, stops, stats) {
  const heldCharsMax = Math.max(0, ...stops.map((stop) => stop.length - 1));
  let held = '';
  for await (const piece of pieces) {
    held += piece;
    const at = Math.min(...stops.map((stop) => held.indexOf(stop)).filter((index) => index >= 0));
    if (Number.isFinite(at)) {
      stats.done_reason = 'stop';
      if (at > 0) yield held.slice(0, at);
      return;
    }
    const ready = held.slice(0, held.length - heldCharsMax);
    if (ready !== '') yield ready;
    held = held.slice(ready.length);
  }
  if (held !== '') yield held;
}

/** Nanoseconds, as Ollama counts them. */
export function since(startedNs) {
  return Number(process.hrtime.bigint() - startedNs);
}
