import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Cli } from './cli.ts';

/** Adds a command with the options and help that all have. */
export function addCommand(
  parent: Command,
  cli: Cli,
  spec: {
    /** Name and arguments, as commander writes them. */
    readonly usage: string;
    readonly description: string;
    /** Command lines to copy. */
    readonly examples: readonly string[];
  },
): Command {
  const { help } = cli.messages;
  const examples = spec.examples.map((line) => `  $ ${line}`).join('\n');
  return parent
    .command(spec.usage)
    .description(spec.description)
    .addOption(new Option('--json', help.json))
    .addHelpText('after', `\n${help.examples}\n${examples}`);
}

/** Reads a whole number of an option, from `min` to `max`. */
export function wholeNumber(cli: Cli, min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(cli.messages.talk.wholeNumber(min, max));
    }
    return value;
  };
}

/** Reads seconds, with or without a fraction. */
export function seconds(cli: Cli) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
      throw new InvalidArgumentError(cli.messages.talk.seconds);
    }
    return value;
  };
}

/** A time ago, or a date and time; without a zone, in that of the reader. Answers ISO 8601 in UTC. */
export function moment(cli: Cli) {
  return (text: string): string => {
    const timeMs = momentOf(text.trim(), Date.now());
    if (timeMs === undefined) throw new InvalidArgumentError(cli.messages.operating.moment);
    return new Date(timeMs).toISOString();
  };
}

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** What JavaScript promises to read alike everywhere. */
const isoMoment = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** Epoch ms; `undefined` for what is no moment. */
export function momentOf(text: string, nowMs: number): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return fitting(nowMs - Number(count) * unitsMs[unit as keyof typeof unitsMs]);
  if (!isoMoment.test(text)) return undefined;
  // A date alone would be read as UTC.
  return fitting(Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T')));
}

/** What a date can hold, within the years that are written with four digits. */
function fitting(timeMs: number): number | undefined {
  return timeMs >= 0 && timeMs < 253_402_300_800_000 ? timeMs : undefined;
}

/** Collects an option that may be given several times. */
export function collect(value: string, former: readonly string[] = []): readonly string[] {
  return [...former, value];
}

export interface JsonOption {
  readonly json?: true;
}
