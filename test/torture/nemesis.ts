import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { FullDisk } from './full-disk.ts';
import type { Fault } from './history.ts';
import { type JoinedWorker, joinedWorkers, type Site } from './site.ts';

/** A stop waits 2 s for what runs, and a busy machine is slow. */
const stopMsMax = 30_000;

type Done = Pick<Fault, 'evidence' | 'reaches'> & {
  readonly killsServer?: boolean;
  readonly aftermathMs?: number;
};
type Strike = (site: Site, draw: (name: string) => number, disk: FullDisk) => Promise<Done>;

async function killServer(site: Site, draw: (name: string) => number): Promise<Done> {
  const signal = await site.server.kill();
  await pause(draw('down') * 500);
  await site.startServer();
  return { reaches: 'all', killsServer: true, evidence: signal };
}

/** Killed again at some moment of its start, when it recovers what was held. */
async function killRecovery(site: Site, draw: (name: string) => number): Promise<Done> {
  await site.server.kill();
  site.spawnServer();
  await pause(200 + draw('start') * 900);
  const signal = await site.server.kill();
  await site.startServer();
  return { reaches: 'all', killsServer: true, evidence: signal };
}

async function killWorker(site: Site, draw: (name: string) => number): Promise<Done> {
  const name = workerOf(draw);
  const signal = await site.workers[name].kill();
  await pause(draw('down') * 2_000);
  site.workers[name].spawn();
  return { reaches: [name], evidence: signal && `${name}: ${signal}` };
}

async function stopWorker(site: Site, draw: (name: string) => number): Promise<Done> {
  const worker = site.workers[workerOf(draw)];
  worker.signal('SIGTERM');
  const code = await inTime(worker.ended());
  worker.spawn();
  return { reaches: [workerOf(draw)], evidence: code === 0 ? `${workerOf(draw)} said goodbye` : null };
}

async function killModels(site: Site, draw: (name: string) => number): Promise<Done> {
  const signal = await site.models.kill();
  await pause(500 + draw('down') * 2_500);
  site.models.spawn();
  return { reaches: 'all', evidence: signal };
}

function suspend(
  victimOf: (site: Site, draw: (name: string) => number) => [string, Site['server']],
  msMax: number,
): Strike {
  return async (site, draw) => {
    const [name, victim] = victimOf(site, draw);
    victim.signal('SIGSTOP');
    await pause(50);
    const { state } = victim;
    await pause(1_000 + draw('silence') * (msMax - 1_000));
    victim.signal('SIGCONT');
    const isOne = joinedWorkers.some((worker) => worker === name);
    return {
      reaches: isOne ? [name] : 'all',
      evidence: state === 'T' ? `${name} was suspended` : null,
    };
  };
}

async function cutClients(site: Site): Promise<Done> {
  const count = site.cutClients();
  return { reaches: 'nobody', evidence: count > 0 ? `${count} connections` : null };
}

/** From a cut that the workers do not feel to one after which they are lost. */
async function cutWorkers(site: Site, draw: (name: string) => number): Promise<Done> {
  site.workerLink.isDown = true;
  const count = site.workerLink.cut();
  await pause(draw('down') * 10_000);
  site.workerLink.isDown = false;
  const evidence = count > 0 ? `${count} connections` : null;
  return { reaches: joinedWorkers, evidence };
}

async function stopServer(site: Site, draw: (name: string) => number): Promise<Done> {
  site.server.signal('SIGTERM');
  const code = await inTime(site.server.ended());
  if (code === undefined) await site.server.kill();
  await pause(draw('down') * 500);
  await site.startServer();
  if (code !== 0) throw new Error(`the server ended with ${code} at SIGTERM, or not in time`);
  return { reaches: 'all', killsServer: true, evidence: 'exit 0' };
}

/** A second server on the home is refused, and the first goes on. */
async function startTwice(site: Site): Promise<Done> {
  site.second.spawn();
  const code = await inTime(site.second.ended());
  await site.second.kill();
  if (code === undefined || code === 0) throw new Error('a second server was not refused on the same home');
  return { reaches: 'nobody', evidence: site.server.isAlive ? `exit ${code}` : null };
}

async function fillDisk(_: Site, draw: (name: string) => number, disk: FullDisk): Promise<Done> {
  const evidence = disk.fill();
  await pause(2_000 + draw('full') * 4_000);
  disk.free();
  return { reaches: 'all', evidence };
}

const strikes = {
  'kill server': killServer,
  'kill in recovery': killRecovery,
  'kill worker': killWorker,
  'stop worker': stopWorker,
  'kill models': killModels,
  'suspend server': suspend((site) => ['server', site.server], 6_000),
  'suspend worker': suspend((site, draw) => [workerOf(draw), site.workers[workerOf(draw)]], 13_000),
  'suspend models': suspend((site) => ['models', site.models], 8_000),
  'cut clients': cutClients,
  'cut workers': cutWorkers,
  'stop server': stopServer,
  'start twice': startTwice,
  'full disk': fillDisk,
} as const satisfies Readonly<Record<string, Strike>>;

export type FaultKind = keyof typeof strikes;
export const faultKinds = Object.keys(strikes) as readonly FaultKind[];

function workerOf(draw: (name: string) => number): JoinedWorker {
  return draw('who') < 0.5 ? 'gpu1' : 'gpu2';
}

/** @returns undefined when it took too long */
function inTime<T>(ending: Promise<T>): Promise<T | undefined> {
  const late = new AbortController();
  return Promise.race([
    ending,
    pause(stopMsMax, undefined, { signal: late.signal }).catch(() => undefined),
  ]).finally(() => late.abort());
}

export interface NemesisPorts {
  readonly site: Site;
  readonly disk: FullDisk;
  readonly chance: Chance;
  readonly say: (line: string) => void;
}

/** Strikes until the time is over: all kinds in a drawn order, then again in another one, with a rest between two. */
export async function runNemesis(
  { site, disk, chance, say }: NemesisPorts,
  kinds: readonly FaultKind[],
  untilMs: number,
): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  for (let round = 0; Date.now() < untilMs && kinds.length > 0; round += 1) {
    for (const kind of chance.shuffled(kinds, `round ${round}`)) {
      await pause(chance.between(2_000, 6_000, `rest ${round} ${kind}`));
      if (Date.now() >= untilMs) break;
      const beganMs = Date.now();
      const done = await strikes[kind](site, (name) => chance.draw(`${round} ${kind} ${name}`), disk);
      const { reaches, evidence, killsServer = false } = done;
      const endedMs = Date.now();
      faults.push({ kind, beganMs, endedMs, reaches, killsServer, evidence });
      say(`${kind}: ${evidence ?? 'DID NOT FIRE'} (${endedMs - beganMs} ms)`);
    }
  }
  return faults;
}
