import { nextDispatch } from '../../dist/machines/dispatch.js';
import { TaskBoard } from '../../dist/machines/task-board.js';
import { WorkerRoster } from '../../dist/machines/worker-roster.js';
import { quantile } from '../report/statistics.mjs';

const workers = 32;
const slotsPerWorker = 4;
const gib = 1024 ** 3;
/** Of each type, the model that the model file proposes. */
const types = {
  general: 'gpt-oss:20b',
  code_generation: 'qwen2.5-coder:7b',
  code_review: 'qwen2.5-coder:7b',
  translation: 'gemma3:4b',
  documentation: 'gpt-oss:20b',
};
const models = [
  { name: 'gpt-oss:20b', sizeBytes: 13 * gib, contextTokensMax: 131_072 },
  { name: 'qwen2.5-coder:7b', sizeBytes: 5 * gib, contextTokensMax: 32_768 },
  { name: 'gemma3:4b', sizeBytes: 3 * gib, contextTokensMax: 131_072 },
];
/** As in the shipped `workers.yaml`, but for spreading the patient ones as well. */
const rules = [
  {
    priorityMin: 8,
    priorityMax: 10,
    preferredWorkers: ['local'],
    fallbackToLocal: false,
    loadBalancing: false,
  },
  {
    priorityMin: 5,
    priorityMax: 7,
    preferredWorkers: ['local', 'remote'],
    fallbackToLocal: false,
    loadBalancing: true,
  },
  {
    priorityMin: 1,
    priorityMax: 4,
    preferredWorkers: ['remote'],
    fallbackToLocal: true,
    loadBalancing: false,
  },
].map((rule) => ({ ...rule, reason: `priorities ${rule.priorityMin} to ${rule.priorityMax}` }));

/**
 * What choosing the next task and its worker costs, among so many that are ready and 32 workers on eight machines: µs for
 * each choice and the lease that comes of it. The walk is a new one each time, which is the dearer way: a turn of the pool
 * makes all its choices in one.
 *
 * @param {{ tasks: number, picks: number }} plan
 */
export function measureDispatch({ tasks, picks }) {
  const roster = busyRoster();
  const policy = { strategy: 'priority_based', rules, agingMs: 3_600_000, bypassesMax: 8 };
  const input = { policy, configVersion: 1, numCtxOf: () => 8_192, expectedMs: () => null };
  const board = new TaskBoard(tasks * 20, policy.agingMs);
  const nobody = { send: () => {} };
  let seq = 0;
  const add = () => {
    seq += 1;
    board.ready.add(board.sit(board.takeSeat(), ticketOf(seq), nobody));
  };
  for (let task = 0; task < tasks; task += 1) add();

  const held = [];
  const times = [];
  for (let pick = 0; pick < picks; pick += 1) {
    const startedAt = performance.now();
    const { kind, task, worker, reason } = nextDispatch(board.ready.walk(), roster, input);
    if (kind !== 'placed') throw new Error('each task fits');
    board.ready.remove(task);
    const assignmentId = roster.lease(worker, task.ticket.taskId, reason.model);
    times.push((performance.now() - startedAt) * 1_000);
    board.leave(task);
    held.push({ worker, assignmentId });
    add();
    // Some slots stay taken, as in a pool that works.
    if (held.length < workers * (slotsPerWorker / 2)) continue;
    const ended = held.shift();
    roster.release(ended.worker, ended.assignmentId);
  }
  const measured = times.slice(times.length / 2);
  return { p50Micros: quantile(measured, 0.5), p99Micros: quantile(measured, 0.99), tasks, workers };
}

/** Eight machines with two servers each, two workers at each server; every second machine has a known memory. */
function busyRoster() {
  const roster = new WorkerRoster(workers * slotsPerWorker, 1);
  const hosts = [];
  for (let at = 0; at < workers; at += 1) roster.enter(specOf(at), 'active');
  for (let at = 0; at < 8; at += 2) hosts.push({ host: `host-${at}`, slotsMax: 12, memoryBytes: 24 * gib });
  roster.limitHosts(hosts);
  for (const entry of roster.all()) {
    entry.liveness = 'alive';
    entry.endpoint.see({ models, residents: [] });
  }
  return roster;
}

function specOf(at) {
  const host = `host-${at % 8}`;
  return {
    workerId: `worker-${at}`,
    location: at % 8 < 4 ? 'local' : 'remote',
    endpoint: `http://${host}:${11_434 + (Math.floor(at / 8) % 2)}`,
    host,
    requestKinds: ['text', 'chat', 'completion', 'embedding'],
    capabilities: at % 3 === 0 ? Object.keys(types).slice(0, 3) : [],
    performanceFactor: 1 + (at % 4) / 4,
    slots: slotsPerWorker,
    joined: false,
    standby: false,
    model: null,
    tokensMax: 32_768,
    missesMax: 3,
    silenceMsMax: 90_000,
  };
}

function ticketOf(seq) {
  const taskType = Object.keys(types)[seq % 5];
  return {
    taskId: `task-${seq}`,
    seq,
    // Each type in each priority.
    priority: 1 + (Math.floor(seq / 5) % 10),
    taskType,
    requestKind: 'text',
    sinceMs: seq,
    model: null,
    suggestedModel: types[taskType],
    fallbacks: 0,
    fallbackModel: null,
    promptChars: 2_000,
    promptTokens: 500,
    answerTokens: 1,
    numCtx: null,
    leases: 0,
    failures: 0,
    retriesMax: 2,
    delayMs: 0,
  };
}
