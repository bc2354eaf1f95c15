/** A process of its own that loads a server: `node bench/load/main.mjs <json>`, whose result goes to the parent. */
import { quantile } from '../report/statistics.mjs';
import { Connection } from './connection.mjs';

const { url, connections, warmUpMs, measureMs, gapMs = 0, ...sent } = JSON.parse(process.argv[2] ?? '{}');
const { path = '/task/delegate', expected = { status: 200, holds: '"status":"completed"' } } = sent;
const { hostname, port, host } = new URL(url);
const single = { prompt: 'Answer with the word done.', type: 'general', sync: true };
const body = JSON.stringify(sent.body ?? single);
const request = Buffer.from(
  `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
);

const stop = (error) => {
  console.error(error);
  process.exit(1);
};

/** @type {number[] | undefined} */
let times;
const onAnswer = ({ status, body: text, ms }) => {
  const isExpected = status === expected.status && text.includes(expected.holds ?? '');
  if (!isExpected) stop(new Error(`answer ${status}: ${text}`));
  times?.push(ms);
};
const open = () =>
  new Connection({ host: hostname, port: Number(port), request, gapMs, onAnswer, onFault: stop });
const all = Array.from({ length: connections }, open);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

await pause(warmUpMs);
process.send?.({ phase: 'begin' });
times = [];
const startedAt = performance.now();
await pause(measureMs);
const seconds = (performance.now() - startedAt) / 1_000;
const done = times;
times = undefined;
process.send?.({
  phase: 'end',
  perSecond: done.length / seconds,
  tasks: done.length,
  p50Ms: quantile(done, 0.5),
  p99Ms: quantile(done, 0.99),
});
for (const connection of all) connection.close();
process.disconnect?.();
