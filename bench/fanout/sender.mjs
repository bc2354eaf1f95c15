/** The server of the fan-out: its own door beside a plain `ws.send` loop, both on the same runtime and the same port range. */
import { createServer } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../dist/actors/clock.js';
import { FactStream } from '../../dist/actors/fact-stream.js';
import { Audience } from '../../dist/http/websocket/audience.js';
import { taskUpdate } from '../../dist/http/websocket/event-frames.js';
import { eventOfFact } from '../../dist/runtime/history.js';

const counts = { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0 };
const stream = new FactStream((error) => {
  throw error;
});
let seq = 0;

/** As much of a runtime as the audience asks while nobody resumes. */
const runtime = {
  stream,
  get lastSeq() {
    return seq;
  },
  history: () => [],
  workers: () => [],
  list: async ({ kind }) => (kind === 'counts' || kind === 'count' ? counts : []),
};
const audience = new Audience({ runtime, clock: systemClock, log: console });
const plain = new Set();
const openSockets = new Set();

const server = createServer();
const doors = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false });
let mode = 'ours';
server.on('upgrade', (request, socket, head) => {
  doors.handleUpgrade(request, socket, head, (ws) => {
    openSockets.add(socket);
    socket.on('close', () => openSockets.delete(socket));
    if (mode === 'ours') audience.enter(ws, socket);
    else plain.add(ws);
  });
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

function fact() {
  seq += 1;
  const worker = `local_${String(seq % 32).padStart(3, '0')}`;
  const task = `task_20261122_101500_${String(seq % 1e6).padStart(6, '0')}_9f2k7q0c4m1xa`;
  const usage = { model: 'gpt-oss:20b', promptTokens: 500, outputTokens: 700, doneReason: 'stop' };
  const parts = {
    type: 'task.completed',
    taskId: task,
    assignmentId: seq,
    workerId: worker,
    model: 'gpt-oss:20b',
  };
  return { seq, atMs: Date.now(), fact: { ...parts, output: '', usage, elapsedMs: 30_000 } };
}

/** Waits until the kernel has taken all. */
async function drained() {
  for (const socket of openSockets) while (socket.writableLength > 0) await turn();
}

const ways = {
  ours: (facts) => stream.publish(facts),
  plain: (facts) => {
    for (const each of facts) {
      const text = JSON.stringify(taskUpdate(eventOfFact(each)));
      for (const ws of plain) ws.send(text);
    }
  },
};

process.on('message', async ({ call, ...input }) => {
  if (call === 'mode') mode = input.mode;
  if (call === 'burst') {
    const startedAt = performance.now();
    const cpu = process.cpuUsage();
    for (let sent = 0; sent < input.facts; sent += input.perTurn) {
      ways[input.way](Array.from({ length: input.perTurn }, fact));
      await turn();
      await drained();
    }
    await drained();
    const { user, system } = process.cpuUsage(cpu);
    process.send({ ms: performance.now() - startedAt, cpuMs: (user + system) / 1_000 });
  }
  if (call === 'steady') {
    const rssBefore = process.memoryUsage.rss();
    let rssMax = rssBefore;
    let backlogMax = 0;
    const startedAt = performance.now();
    const everyMs = 1_000 / input.perSecond;
    const total = (input.perSecond * input.ms) / 1_000;
    let lateMs = 0;
    for (let sent = 0; sent < total; sent += 1) {
      const due = startedAt + sent * everyMs;
      while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 1));
      lateMs = Math.max(lateMs, performance.now() - due);
      stream.publish([fact()]);
      if (sent % 50 !== 0) continue;
      rssMax = Math.max(rssMax, process.memoryUsage.rss());
      for (const socket of openSockets) backlogMax = Math.max(backlogMax, socket.writableLength);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    await drained();
    const mib = (bytes) => bytes / 1_048_576;
    process.send({
      facts: total,
      lateMs,
      backlogMax,
      rssGrownMb: mib(rssMax - rssBefore),
      open: openSockets.size,
    });
  }
  if (call === 'close') process.exit(0);
});
