import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

/** Tasks of many priorities and types: none of them may fill the window alone. */
const types = ['general', 'code_generation', 'documentation', 'translation', 'analysis', 'refactoring'];
/** Handed in with one request. */
const perRequest = 250;
const turnMs = 100;
let made = 0;

function task() {
  made += 1;
  return {
    prompt: `task ${made} of the measurement of the page`,
    priority: 1 + (made % 10),
    type: types[made % types.length],
    options: { format: 'json' },
  };
}

async function handIn({ urls }, count) {
  for (let left = count; left > 0; left -= perRequest) {
    const tasks = Array.from({ length: Math.min(perRequest, left) }, task);
    const response = await fetch(`${urls.rest}/tasks/delegate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tasks }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }
}

async function waiting({ urls }) {
  const { tiers } = await (await fetch(`${urls.rest}/queue`)).json();
  return tiers.reduce((sum, tier) => sum + tier.waiting, 0);
}

/** Hands in tasks at an even pace until it is aborted. Each tells three facts: accepted, assigned, completed. */
export async function feedEvenly(server, perSecond, signal) {
  const begunMs = performance.now();
  let handed = 0;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - begunMs) / 1_000) * perSecond);
    if (due > handed) await handIn(server, due - handed);
    handed = due;
    await pause(turnMs);
  }
  return handed;
}

/** Keeps so many tasks waiting until it is aborted. */
export async function keepWaiting(server, count, signal) {
  while (!signal.aborted) {
    const missing = count - (await waiting(server));
    if (missing > 0) await handIn(server, missing);
    await pause(1_000);
  }
}

/** Resolves when so many wait. */
export async function untilWaiting(server, count) {
  while ((await waiting(server)) < count) await pause(200);
}
