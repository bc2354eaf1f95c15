import { nextDispatch } from '../../dist/machines/dispatch.js';
import { remainingOf } from '../../dist/machines/remaining-time.js';
import { TaskBoard } from '../../dist/machines/task-board.js';
import { WorkerRoster } from '../../dist/machines/worker-roster.js';

/** A local worker that takes 30 s for a general task, and a remote one that takes 233. */
export const workers = [
  { workerId: 'local', performanceFactor: 1, slots: 2 },
  { workerId: 'remote', performanceFactor: 0.13, slots: 2 },
];

/** Standard deviation of the logarithm of a duration: two thirds end within 0.7 to 1.4 times the median. */
const logSpread = 0.35;
const generalMs = 30_000;
const typeFactors = { general: 1, code_generation: 2.2, translation: 0.6 };
const modelFactors = { large: 1, small: 0.45 };
const policy = { strategy: 'priority_based', rules: [], agingMs: 0, bypassesMax: 0 };
const routing = { policy, configVersion: 1, numCtxOf: () => 65_536, expectedMs: () => null };
const gib = 1024 ** 3;
const sighted = Object.keys(modelFactors).map((name) => ({
  name,
  sizeBytes: 8 * gib,
  contextTokensMax: 131_072,
}));
const residents = sighted.map(({ name }) => ({ name, memoryBytes: 9 * gib, contextTokens: 65_536 }));
/** The actor of a task, where none is needed. */
const nobody = { send: () => {} };
const routeClass = { tiers: [[0, 1, 2, 3]] };

/** @typedef {{ kinds: readonly { taskType: string, model: string }[], use: number, charsMax: number }} Load */

/** One type and model, short prompts, and a little more work than both workers can do: a queue that grows. */
export const oneKind = { kinds: [{ taskType: 'general', model: 'large' }], use: 1.05, charsMax: 4_000 };

/** Three types for two models, prompts of any length, nine tenths of what the workers can do. */
export const mixed = {
  kinds: Object.keys(typeFactors).flatMap((taskType) =>
    Object.keys(modelFactors).map((model) => ({ taskType, model })),
  ),
  use: 0.9,
  charsMax: 32_000,
};

/** Reading a prompt takes as long as writing the answer when it has 16,000 characters. */
function medianMs({ taskType, model, promptChars }, worker) {
  const work = typeFactors[taskType] * modelFactors[model] * (1 + promptChars / 16_000);
  return (generalMs * work) / worker.performanceFactor;
}

/** Tasks that arrive, wait and run in simulated time, by the pool's order and its routing. */
export class PredictedWorld {
  #nowMs = 0;
  #seq = 0;
  #nextArrivalMs = 0;
  #waiting = new Set();
  #running = new Map();
  #board = new TaskBoard(100_000, policy.agingMs);
  #roster = new WorkerRoster(100, 1);

  /** @param {number} seed @param {Load} load @param {(run: object) => void} onRun */
  constructor(seed, load, onRun) {
    this.random = randomOf(seed);
    this.load = load;
    this.onRun = onRun;
    // Each worker on a machine of its own that has both models in its memory: what a swap costs is not looked at here.
    for (const worker of workers) {
      const entry = this.#roster.enter(specOf(worker), 'active');
      entry.liveness = 'alive';
      entry.endpoint.see({ models: sighted, residents });
    }
    this.#roster.limitHosts(
      workers.map(({ workerId: host }) => ({ host, slotsMax: null, memoryBytes: 64 * gib })),
    );
  }

  /** So many tasks arrive, and all that arrived end. */
  play(tasks, told = {}) {
    let left = tasks;
    this.#nextArrivalMs = this.#nowMs;
    for (;;) {
      const ending = [...this.#running.values()].reduce(
        (a, b) => (a && a.endMs <= b.endMs ? a : b),
        undefined,
      );
      if (left === 0 && ending === undefined) return;
      if (left > 0 && this.#nextArrivalMs <= (ending?.endMs ?? Number.POSITIVE_INFINITY)) {
        left -= 1;
        this.#arrive(told.delegated);
      } else {
        this.#end(ending, told.ended);
      }
      this.#dispatch();
    }
  }

  #arrive(delegated) {
    this.#nowMs = this.#nextArrivalMs;
    this.#nextArrivalMs += -Math.log(1 - this.random()) * this.#gapMs();
    const kind = this.load.kinds[Math.floor(this.random() * this.load.kinds.length)];
    const promptChars = Math.round(100 * (this.load.charsMax / 100) ** this.random());
    this.#seq += 1;
    const ticket = ticketOf(this.#seq, kind, promptChars);
    const task = this.#board.sit(this.#board.takeSeat(), ticket, nobody);
    this.#board.ready.add(task);
    this.#waiting.add(task);
    delegated?.(task, this.#nowMs);
  }

  /** Between two arrivals, on the average: what all slots need for one task, by the share that is to be in use. */
  #gapMs() {
    const { kinds, charsMax, use } = this.load;
    const meanChars = (charsMax - 100) / Math.log(charsMax / 100);
    let perMs = 0;
    for (const worker of workers) {
      const means = kinds.map((kind) => medianMs({ ...kind, promptChars: meanChars }, worker));
      const meanMs = (means.reduce((sum, ms) => sum + ms, 0) / kinds.length) * Math.exp(logSpread ** 2 / 2);
      perMs += worker.slots / meanMs;
    }
    return 1 / (perMs * use);
  }

  #dispatch() {
    const walk = this.#board.ready.walk();
    for (;;) {
      const next = nextDispatch(walk, this.#roster, routing);
      if (next === undefined) return;
      if (next.kind !== 'placed') throw new Error('each task fits');
      const { task, worker, reason } = next;
      const durationMs = medianMs(task.ticket, worker) * Math.exp(logSpread * normal(this.random));
      const assignmentId = this.#roster.lease(worker, task.ticket.taskId, reason.model);
      this.#board.ready.remove(task);
      this.#waiting.delete(task);
      this.#running.set(assignmentId, {
        task,
        worker,
        assignmentId,
        startMs: this.#nowMs,
        endMs: this.#nowMs + durationMs,
      });
    }
  }

  #end({ task, worker, assignmentId, startMs, endMs }, ended) {
    this.#nowMs = endMs;
    this.#running.delete(assignmentId);
    this.#roster.release(worker, assignmentId);
    this.#board.leave(task);
    const { model, taskType, promptChars } = task.ticket;
    const durationMs = endMs - startMs;
    this.onRun({ workerId: worker.workerId, model, taskType, promptChars, durationMs });
    ended?.(task, endMs);
  }

  /** What a forecast is told of the slots: how long each has run, never how long it will. */
  slots(durationsOf) {
    return workers.flatMap(({ workerId, slots }) => {
      const runs = [...this.#running.values()].filter(({ worker }) => worker.workerId === workerId);
      return Array.from({ length: slots }, (_, at) => {
        const run = runs[at];
        if (run === undefined) return { workerId, freeIn: { meanMs: 0, varianceMs2: 0 } };
        const freeIn = remainingOf(durationsOf(run.task.ticket)(workerId), this.#nowMs - run.startMs);
        return { workerId, freeIn };
      });
    });
  }

  /** In the order of dispatch: here all have one priority. */
  queue(durationsOf) {
    return [...this.#waiting].map((task) => ({ key: task, routeClass, durations: durationsOf(task.ticket) }));
  }

  /** The true distribution of a duration. */
  truth(kind) {
    return (workerId) => {
      const p50Ms = medianMs(
        kind,
        workers.find((worker) => worker.workerId === workerId),
      );
      const meanMs = p50Ms * Math.exp(logSpread ** 2 / 2);
      return {
        p50Ms,
        p90Ms: p50Ms * Math.exp(1.2816 * logSpread),
        meanMs,
        varianceMs2: meanMs ** 2 * (Math.exp(logSpread ** 2) - 1),
        runs: Number.POSITIVE_INFINITY,
        basis: 'worker, model, type and length',
      };
    };
  }
}

function specOf({ workerId, performanceFactor, slots }) {
  return {
    workerId,
    location: 'local',
    endpoint: `http://${workerId}`,
    host: workerId,
    capabilities: [],
    requestKinds: ['text', 'chat', 'completion', 'embedding'],
    performanceFactor,
    slots,
    joined: false,
    standby: false,
    model: null,
    tokensMax: null,
    missesMax: 3,
    silenceMsMax: 90_000,
  };
}

function ticketOf(seq, { taskType, model }, promptChars) {
  return {
    taskId: `task-${seq}`,
    seq,
    priority: 5,
    taskType,
    sinceMs: seq,
    model,
    suggestedModel: model,
    fallbacks: 0,
    fallbackModel: null,
    promptChars,
    promptTokens: 500,
    answerTokens: 1,
    numCtx: null,
    leases: 0,
    failures: 0,
    retriesMax: 2,
    delayMs: 0,
  };
}

/** A linear congruential generator modulo 2^32, of which the upper bits count; good enough for loads. */
function randomOf(seed) {
  let state = (seed * 2_654_435_761) >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let skipped = 0; skipped < 8; skipped += 1) next();
  return next;
}

/** By Box and Muller. */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
