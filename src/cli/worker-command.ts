import { hostname } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Act, Cli } from './cli.ts';
import { addCommand, collect, type JsonOption, seconds, wholeNumber } from './command-options.ts';
import type { WorkerMessages } from './worker-messages.ts';

export interface WorkerOptions extends JsonOption {
  readonly join: string;
  readonly name: string;
  readonly slots: number;
  readonly models?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly label?: readonly string[];
  readonly performanceFactor: number;
  readonly ollama: string;
  /** Base of an API, in place of the Ollama server. */
  readonly openai?: string;
  readonly demo?: true;
  /** In seconds. */
  readonly drainGrace: number;
}

/** A command line whose catalogue has the texts of this command. */
export type WorkerCli = Cli & { readonly messages: { readonly worker: WorkerMessages } };

const slotsMax = 256;

/** `koubou worker` */
export function registerWorker(program: Command, cli: WorkerCli, act: Act): void {
  const { help } = cli.messages.worker;
  addCommand(program, cli, {
    usage: 'worker',
    description: `${help.worker}\n${help.token}`,
    examples: [
      'koubou worker --join ws://pool:8766 --name gpu2 --slots 2',
      'koubou worker --join wss://pool.example/worker --models gpt-oss:20b,qwen3:8b --label room=east',
      'koubou worker --join ws://pool:8766 --demo',
    ],
  })
    .requiredOption('--join <url>', help.join)
    .option('--name <name>', help.name, nameOfMachine())
    .option('--slots <n>', help.slots, wholeNumber(cli, 1, slotsMax), 1)
    .option('--models <names>', help.models, list)
    .option('--capabilities <types>', help.capabilities, list)
    .option('--label <key=value>', help.label, collect)
    .option('--performance-factor <x>', help.performanceFactor, factor(cli), 1)
    .option('--ollama <url>', help.ollama, 'http://localhost:11434')
    .addOption(new Option('--openai <url>', help.openai).conflicts(['ollama', 'demo']))
    .addOption(new Option('--demo', help.demo).conflicts('ollama'))
    .option('--drain-grace <seconds>', help.drainGrace, seconds(cli), 30)
    .action(
      act(async (options: WorkerOptions) => {
        // Only commands that serve load what generates.
        const { work } = await import('./work.ts');
        return work(cli, options);
      }),
    );
}

/** The name of this machine, made to fit. */
function nameOfMachine(): string {
  const name = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return name === '' ? 'worker' : name;
}

function list(text: string): readonly string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function factor({ messages }: WorkerCli) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value > 0 && value <= 1_000)) {
      throw new InvalidArgumentError(messages.worker.badFactor);
    }
    return value;
  };
}
