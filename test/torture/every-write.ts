import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './cuttable-proxy.ts';
import { killAtWrite, type WritingCall, writingCalls } from './one-write.ts';
import { Victim } from './victim.ts';

export interface EveryWriteOptions {
  readonly root: string;
  readonly tasks: number;
  /** The first write to be killed at. */
  readonly from: number;
  /** 1 for each of them, 10 for every tenth. */
  readonly step: number;
  /** Servers at a time. */
  readonly lanes: number;
  readonly say: (line: string) => void;
}

/** A run of some tasks has some hundreds of writes: more of them means that it never ends. */
const writesMax = 5_000;
const reportEach = 25;

/** @returns whether every run, killed at each write of the database in turn, kept what it had promised */
export async function everyWrite({
  root,
  tasks,
  from,
  step,
  lanes,
  say,
}: EveryWriteOptions): Promise<boolean> {
  if (!canTrace()) {
    say('NO PASS: this needs strace, and the right to trace: apt-get install strace.');
    return false;
  }
  const folder = join(root, 'artifacts', 'torture', 'every-write');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const generationLog = join(folder, 'generations.jsonl');
  const port = await freePort();
  const program = join(dirname(fileURLToPath(import.meta.url)), 'model-server.js');
  const argv = [process.execPath, program, generationLog, `local_001=${port}`];
  const models = new Victim({ argv, env: process.env, cwd: folder, logFile: join(folder, 'models.out') });
  const begunMs = Date.now();
  say(
    `${tasks} tasks a run, killed before each write of its database, one a run; load of the machine ${loadavg()[0]?.toFixed(1)}`,
  );
  const points = new KillPoints(from, step);
  const tally = { kills: 0, promised: 0, violations: 0 };
  const lane = async (name: string): Promise<void> => {
    for (let point = points.next(); point !== undefined; point = points.next()) {
      const modelsUrl = `http://127.0.0.1:${port}`;
      const place = { root, folder: join(folder, name), modelsUrl, generationLog };
      const run = await killAtWrite({ ...place, ...point, tasks });
      if (run.wasKilled) {
        tally.kills += 1;
        tally.promised += run.acknowledged;
      } else points.endOf(point);
      tally.violations += run.violations.length;
      const at = `${point.call} ${point.nth}`;
      for (const { verdict, what } of run.violations) say(`VIOLATION at ${at}  ${verdict}: ${what}`);
      if ((point.nth - from) % (reportEach * step) === 0)
        say(`… ${at}: ${run.acknowledged} acknowledged before it`);
    }
  };
  try {
    models.spawn();
    await Promise.all(Array.from({ length: lanes }, (_, n) => lane(`lane${n}`)));
  } finally {
    await models.kill();
  }
  const { kills, promised, violations } = tally;
  const seconds = Math.round((Date.now() - begunMs) / 1_000);
  say(`${kills} kill points (${points}), ${promised} tasks acknowledged before them, in ${seconds} s`);
  const isPass = violations === 0 && kills > 0 && points.areAll;
  const share = step === 1 ? 'each write' : `one write in ${step}`;
  say(isPass ? `PASS: killed at ${share}, 0 lost; a run has no more.` : `NO PASS: ${violations} violations.`);
  return isPass;
}

interface KillPoint {
  readonly call: WritingCall;
  readonly nth: number;
}

/** Each kind of call from the first on, until a run was not killed any more. */
class KillPoints {
  readonly #from: number;
  readonly #step: number;
  readonly #ends = new Map<WritingCall, number>();
  #kind = 0;
  #nth: number;

  constructor(from: number, step: number) {
    this.#from = from;
    this.#step = step;
    this.#nth = from;
  }

  next(): KillPoint | undefined {
    const call = writingCalls[this.#kind];
    if (call === undefined) return undefined;
    if (this.#nth >= (this.#ends.get(call) ?? writesMax)) {
      this.#kind += 1;
      this.#nth = this.#from;
      return this.next();
    }
    const nth = this.#nth;
    this.#nth += this.#step;
    return { call, nth };
  }

  /** A run came to its end without it. */
  endOf({ call, nth }: KillPoint): void {
    this.#ends.set(call, Math.min(nth, this.#ends.get(call) ?? nth));
  }

  /** Whether of each kind a run was seen that had no more. */
  get areAll(): boolean {
    return this.#ends.size === writingCalls.length;
  }

  toString(): string {
    const seen = [...this.#ends].filter(([, end]) => end > this.#from);
    return seen.map(([call, end]) => `${call} ${this.#from} to ${end - 1}`).join(', ');
  }
}

function canTrace(): boolean {
  return (
    spawnSync('strace', ['-f', '-o', '/dev/null', '-e', `trace=${writingCalls.join()}`, 'true']).status === 0
  );
}
