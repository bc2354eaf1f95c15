import { existsSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { Config } from '../config/settings.ts';
import { openReader } from '../db/client.ts';
import { homePaths } from '../db/home.ts';
import { recordedTasks } from '../db/replay-queries.ts';
import type { LoadShape } from '../simulation/load-shape.ts';
import { simulationLimits } from '../simulation/simulation-limits.ts';
import { type Cli, CliError, exitCodes } from './cli.ts';
import { momentOf } from './command-options.ts';

/** A span of the past, epoch ms. */
export interface PastSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Reads `FROM..TO`: two moments, each a date and time, a time ago (`24h`, `-24h`), or `now`. */
export function pastSpan(cli: Cli) {
  return (text: string): PastSpan => {
    const nowMs = Date.now();
    const [fromMs, toMs, ...more] = text.split('..').map((part) => momentIn(part.trim(), nowMs));
    const { hoursMax } = simulationLimits;
    const isSpan = fromMs !== undefined && toMs !== undefined && more.length === 0 && fromMs < toMs;
    if (!isSpan || toMs - fromMs > hoursMax * 3_600_000)
      throw new InvalidArgumentError(cli.messages.simulate.notSpan(hoursMax));
    return { fromMs, toMs };
  };
}

function momentIn(text: string, nowMs: number): number | undefined {
  return text === 'now' ? nowMs : momentOf(text.replace(/^-/, ''), nowMs);
}

/**
 * The load of that time, from the database of this home, which is only read. Nobody else comes, and nobody changes his
 * mind but those who did.
 *
 * @throws CliError when nothing was recorded then
 */
export function recordedLoad(
  { messages }: Cli,
  { home }: Config,
  { fromMs, toMs }: PastSpan,
): Partial<LoadShape> {
  const { database } = homePaths(home);
  if (!existsSync(database)) throw new CliError(messages.simulate.noRecord(home), exitCodes.misused);
  const db = openReader(database);
  try {
    const recorded = recordedTasks(db, { fromMs, toMs, tasksMax: simulationLimits.replayedTasksMax });
    if (recorded.length === 0) {
      const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString()) as [string, string];
      throw new CliError(messages.simulate.nothingRecorded(from, to), exitCodes.misused);
    }
    return {
      recorded,
      ...{ scheduled: 0, cancelled: 0, moved: 0, watched: 0, doubled: 0, retried: 0, repeated: 0 },
      keyed: 1,
    };
  } finally {
    db.$client.close();
  }
}
