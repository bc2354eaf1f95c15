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

/** Collects an option that may be given several times. */
export function collect(value: string, former: readonly string[] = []): readonly string[] {
  return [...former, value];
}

export interface JsonOption {
  readonly json?: true;
}
