import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { look } from './asking.ts';
import { Chance } from './chance.ts';
import { type Violation, violationsOf } from './checker.ts';
import { readGenerations, readRecord } from './evidence.ts';
import { FullDisk } from './full-disk.ts';
import type { Fault, History, Observation } from './history.ts';
import { type FaultKind, runNemesis } from './nemesis.ts';
import { isIdle } from './one-write.ts';
import { reportOf } from './report.ts';
import { Site } from './site.ts';
import { Watcher } from './watcher.ts';
import { Workload } from './workload.ts';

/** Once the faults have stopped: the backoffs, the rests of breakers and the backlog of this run are over by then. */
const settleMsMax = 120_000;

export interface RunOptions {
  readonly root: string;
  readonly seed: number;
  readonly minutes: number;
  readonly kinds: readonly FaultKind[];
  readonly say: (line: string) => void;
}

/** @returns whether nothing was violated, and every fault has fired */
export async function torture({ root, seed, minutes, kinds, say }: RunOptions): Promise<boolean> {
  const folder = join(root, 'artifacts', 'torture', `seed-${seed}`);
  const disk = new FullDisk(join(root, 'artifacts', 'torture', 'disk'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const planned = kinds.filter((kind) => disk.isMounted || kind !== 'full disk');
  if (planned.length < kinds.length)
    say('SKIPPED: full disk. This process may not mount a tmpfs; run it as root to see that fault.');
  const site = await Site.build({ root, folder, home: join(disk.folder, 'home') });
  const observations: Observation[] = [];
  const notebook = { note: (observation: Observation) => void observations.push(observation) };
  const chance = new Chance(seed);
  const watchers = ['watcher1', 'watcher2'].map((name) => new Watcher(site.urls.websocket, name, notebook));
  let faults: readonly Fault[] = [];
  const breakages: Violation[] = [];
  try {
    site.models.spawn();
    await site.startServer();
    for (const worker of Object.values(site.workers)) worker.spawn();
    for (const watcher of watchers) watcher.start();
    const workload = new Workload(site.urls, chance, notebook);
    workload.start();
    say(`Torture of ${minutes} minutes, seed ${seed}; load of the machine ${loadavg()[0]?.toFixed(1)}`);
    await pause(3_000);
    faults = await runNemesis({ site, disk, chance, say }, planned, Date.now() + minutes * 60_000);
    say('The faults have stopped: everything must end.');
    breakages.push(...(await settled(site, workload, observations, notebook, watchers)));
  } catch (error) {
    breakages.push({
      verdict: 'stuck',
      what: `the run broke off: ${error instanceof Error ? error.stack : error}`,
    });
  } finally {
    for (const watcher of watchers) watcher.stop();
    await site.destroy();
  }
  const history = {
    observations,
    faults,
    generations: readGenerations(site.generationLog),
    record: readRecord(site.home),
  };
  const violations = [...breakages, ...violationsOf(history)];
  say(reportOf(history, violations));
  const isPass = conclude(history, violations, planned, say);
  keep(folder, site.home, history, isPass);
  disk.unmount();
  if (!isPass)
    say(
      `Again: npm run torture -- --seed ${seed} --minutes ${minutes} --faults "${kinds.join()}"\nWhat is left is in ${folder}`,
    );
  return isPass;
}

async function settled(
  site: Site,
  workload: Workload,
  observations: readonly Observation[],
  notebook: { note: (observation: Observation) => void },
  watchers: readonly Watcher[],
): Promise<Violation[]> {
  const untilMs = Date.now() + settleMsMax;
  const given = workload.stop().then(() => true);
  const isGiven = await Promise.race([given, pause(settleMsMax, false, { ref: false })]);
  while (Date.now() < untilMs && !(await isIdle(site.urls))) await pause(200);
  const acknowledged = new Map(
    observations.flatMap((entry) =>
      entry.type === 'acknowledged' ? [[entry.taskId, entry.op] as const] : [],
    ),
  );
  for (const [taskId, op] of acknowledged) await look(notebook, site.urls.rest, { op, taskId, by: 'last' });
  // The watchers have not been told all as long as they have not come back from the last cut.
  await pause(1_000);
  const reached = watchers.map(({ since, connections }) => `${since} over ${connections} connections`);
  site.server.signal('SIGTERM');
  const code = await Promise.race([site.server.ended(), pause(30_000, undefined, { ref: false })]);
  return [
    ...(isGiven ? [] : [{ verdict: 'stuck', what: 'clients still wait for answers' } as const]),
    ...(code === 0
      ? []
      : [{ verdict: 'stuck', what: `at the end the server stopped with ${code}` } as const]),
    ...(new Set(reached.map((text) => text.split(' ')[0])).size === 1
      ? []
      : [{ verdict: 'told with a gap', what: `the watchers came to ${reached.join(' and ')}` } as const]),
  ];
}

function conclude(
  { faults, record }: History,
  violations: readonly Violation[],
  planned: readonly FaultKind[],
  say: (line: string) => void,
): boolean {
  const fired = new Set(faults.filter(({ evidence }) => evidence !== null).map(({ kind }) => kind));
  const silent = planned.filter((kind) => !fired.has(kind));
  if (silent.length > 0)
    say(`NO PASS: these faults have not fired: ${silent.join(', ')}. Give it more minutes.`);
  if (violations.length > 0) say(`NO PASS: ${violations.length} violations.`);
  if (record.tasks.length === 0) say('NO PASS: there was not one task.');
  const isPass = silent.length === 0 && violations.length === 0 && record.tasks.length > 0;
  if (isPass) say('PASS: nothing lost, doubled, resurrected, mixed up, out of order or stuck.');
  return isPass;
}

/** What a verdict rests on, for who looks into it. A disk in memory is gone with its mount. */
function keep(folder: string, home: string, history: History, isPass: boolean): void {
  const { observations, faults, generations } = history;
  const lines = [...observations, ...faults.map((fault) => ({ type: 'fault', ...fault }))];
  writeFileSync(join(folder, 'history.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  writeFileSync(join(folder, 'generations.json'), JSON.stringify(generations));
  if (!isPass) cpSync(home, join(folder, 'home'), { recursive: true });
}
