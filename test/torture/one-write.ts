import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { field, look, parsed, send } from './asking.ts';
import { Chance } from './chance.ts';
import { type Violation, violationsOf } from './checker.ts';
import { askAtDoor } from './doors.ts';
import { readGenerations, readRecord } from './evidence.ts';
import type { Fault, Observation } from './history.ts';
import { forgetNote, notedIn, type Urls, writeConfig } from './site.ts';
import { Victim } from './victim.ts';
import { type Wish, wishOf } from './wish.ts';
import { promptOf } from './work.ts';

/** What changes a file of the database; each of them is a moment at which the power may go. */
export const writingCalls = ['pwrite64', 'pwritev', 'write', 'fsync', 'fdatasync', 'ftruncate'] as const;
export type WritingCall = (typeof writingCalls)[number];
const clients = 4;
const startMsMax = 60_000;
const endMsMax = 60_000;

export interface OneWriteOptions {
  readonly root: string;
  /** For the home and the logs of this run. */
  readonly folder: string;
  readonly modelsUrl: string;
  readonly generationLog: string;
  readonly tasks: number;
  /** The server is killed before it makes this call for the n-th time, from 1 on. */
  readonly call: WritingCall;
  readonly nth: number;
}

export interface OneWrite {
  /** False when the whole run, start and stop included, has fewer of these calls. */
  readonly wasKilled: boolean;
  /** How many tasks were acknowledged before. */
  readonly acknowledged: number;
  readonly violations: readonly Violation[];
}

/** One run: a server that is killed at its n-th write, started again, and asked about all that it had promised. */
export async function killAtWrite(options: OneWriteOptions): Promise<OneWrite> {
  const { folder, modelsUrl, generationLog, call, nth, tasks } = options;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const home = join(folder, 'home');
  writeConfig(home, modelsUrl);
  const observations: Observation[] = [];
  const wishes = Array.from({ length: tasks }, (_, at) => wishFor(`${call}${nth}`, at));
  const traced = serverOf(options, home, tracing(home, call, nth));
  const plain = serverOf(options, home, []);
  try {
    traced.spawn();
    const urls = await ready(traced, home);
    if (urls !== undefined) await Promise.all(each(clients, (n) => client(urls, wishes, n, observations)));
    const acknowledged = new Set(
      observations.flatMap((entry) => (entry.type === 'acknowledged' ? [entry.op] : [])),
    ).size;
    if (urls !== undefined && traced.isAlive) stop(home);
    const code = await traced.ended();
    const violations = code === 0 ? [] : await checked(plain, home, wishes, observations);
    const fault: Fault = {
      kind: 'kill server',
      beganMs: 0,
      endedMs: Date.now(),
      reaches: 'all',
      killsServer: true,
      evidence: 'SIGKILL',
    };
    const mine = (op: string) => op.startsWith(`${call}${nth}-`);
    const history = {
      observations,
      faults: [fault],
      generations: readGenerations(generationLog).filter(({ op }) => mine(op)),
      record: readRecord(home),
    };
    return { wasKilled: code !== 0, acknowledged, violations: [...violations, ...violationsOf(history)] };
  } finally {
    await traced.kill();
    await plain.kill();
  }
}

function wishFor(name: string, at: number): Wish {
  const wish = wishOf(new Chance(1), at % 2 === 0 ? 'rest' : 'rest-sync', name, at);
  const work = { op: wish.op, pieces: 2, paceMs: 2, trouble: 'none' } as const;
  return { ...wish, key: `${name}-${at}`, prompt: promptOf(work) };
}

/** Each thread counts for itself, and each kind of call: all writing is done by one. */
function tracing(home: string, call: WritingCall, nth: number): string[] {
  const files = ['koubou.db', 'koubou.db-wal', 'koubou.db-shm', 'koubou.db-journal'];
  const paths = files.flatMap((name) => ['-P', join(home, 'db', name)]);
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${nth}`];
  return ['strace', '-f', '-qq', '-o', '/dev/null', ...paths, ...inject];
}

function serverOf({ root, folder }: OneWriteOptions, home: string, under: readonly string[]): Victim {
  const { PATH, HOME } = process.env;
  const anyPort = ['MCP', 'LOGS', 'WEBSOCKET', 'GRAPHQL', 'DASHBOARD'].map((name) => [
    `KOUBOU_${name}_PORT`,
    '0',
  ]);
  const env = { PATH, HOME, LANG: 'C.UTF-8', KOUBOU_HOME: home, ...Object.fromEntries(anyPort) };
  const argv = [...under, process.execPath, join(root, 'bin', 'koubou.js'), 'start'];
  return new Victim({ argv, env, cwd: folder, logFile: join(folder, 'server.out') });
}

/** What strace runs, and not strace. It may have been killed a moment ago. */
function stop(home: string): void {
  const pid = notedIn(home)?.pid;
  try {
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** @returns undefined when it ended before it was ready */
async function ready(server: Victim, home: string): Promise<Urls | undefined> {
  for (const begunMs = Date.now(); server.isAlive && Date.now() - begunMs < startMsMax; await pause(10)) {
    const urls = notedIn(home)?.urls;
    if (urls !== undefined) return urls;
  }
  return undefined;
}

/** Its share of the tasks, one after the other, as long as somebody answers. */
async function client(
  urls: Urls,
  wishes: readonly Wish[],
  n: number,
  observations: Observation[],
): Promise<void> {
  for (const wish of wishes.filter((_, at) => at % clients === n)) {
    if (!(await ask(urls, wish, observations))) return;
  }
}

async function ask(urls: Urls, wish: Wish, observations: Observation[]): Promise<boolean> {
  const { op, door, priority } = wish;
  observations.push({ type: 'asked', op, door, priority, isPlain: true, atMs: Date.now() });
  const heard = await askAtDoor[wish.door === 'rest' ? 'rest' : 'rest-sync'](urls, wish);
  if (heard === undefined || heard.taskId === null) return false;
  const { answer, taskId, ending } = heard;
  const { sentMs, atMs } = answer;
  observations.push({ type: 'acknowledged', op, taskId, sentMs, atMs });
  if (ending !== undefined)
    observations.push({ type: 'seen', op, taskId, by: 'sync', ...ending, sentMs, atMs });
  return true;
}

/** The next start finds all that was promised and does it; who got no answer asks again under the same key. */
async function checked(
  server: Victim,
  home: string,
  wishes: readonly Wish[],
  observations: Observation[],
): Promise<readonly Violation[]> {
  forgetNote(home);
  server.spawn();
  const urls = await ready(server, home);
  if (urls === undefined) return [{ verdict: 'stuck', what: 'the server did not start again' }];
  const known = new Set(observations.flatMap((entry) => (entry.type === 'acknowledged' ? [entry.op] : [])));
  await Promise.all(wishes.filter(({ op }) => !known.has(op)).map((wish) => ask(urls, wish, observations)));
  const untilMs = Date.now() + endMsMax;
  while (Date.now() < untilMs && !(await isIdle(urls))) await pause(20);
  const promised = observations.filter((entry) => entry.type === 'acknowledged');
  for (const { op, taskId } of promised)
    await look({ note: (seen) => void observations.push(seen) }, urls.rest, { op, taskId, by: 'last' });
  server.signal('SIGTERM');
  const code = await server.ended();
  const unasked = wishes.length - new Set(promised.map(({ op }) => op)).size;
  return [
    ...(code === 0
      ? []
      : [{ verdict: 'stuck', what: `after its restart the server ended with ${code}` } as const]),
    ...(unasked === 0
      ? []
      : [{ verdict: 'lost', what: `${unasked} tasks were not taken after the restart` } as const]),
  ];
}

/** Nothing waits and nothing runs. */
export async function isIdle({ rest }: Urls): Promise<boolean> {
  const lists = await Promise.all(
    ['pending', 'in_progress'].map((status) => send(`${rest}/tasks?status=${status}&limit=1`, 'GET')),
  );
  return lists.every((answer) => {
    const tasks = field(parsed(answer?.text ?? ''), 'tasks');
    return Array.isArray(tasks) && tasks.length === 0;
  });
}

function each<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}
