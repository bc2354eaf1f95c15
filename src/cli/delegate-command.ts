import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, collect, type JsonOption, seconds, wholeNumber } from './command-options.ts';
import { RestClient } from './rest-client.ts';
import { findServer } from './server-address.ts';
import { tellOutcome, watchTask } from './task-watch.ts';

interface DelegateOptions extends JsonOption {
  readonly sync?: true;
  readonly follow?: true;
  readonly priority?: number;
  readonly type?: string;
  readonly model?: string;
  readonly timeout?: number;
  readonly file?: readonly string[];
  readonly outputFile?: string;
  readonly delay?: number;
}

/** `koubou delegate` */
export function registerDelegate(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages;
  addCommand(program, cli, {
    usage: 'delegate <prompt>',
    description: help.delegate,
    examples: [
      'koubou delegate "Write a haiku about workshops"',
      'koubou delegate --follow --priority 8 "Summarize the design"',
      'koubou delegate --sync --json --type translation "Translate: 工房" | jq -r .output',
      'git diff | koubou delegate --sync --type analysis -',
    ],
  })
    .option('--sync', help.sync)
    .option('--follow', help.follow)
    .option('--priority <n>', help.priority, wholeNumber(cli, 1, 10))
    .option('--type <name>', help.type)
    .option('--model <name>', help.model)
    .option('--timeout <seconds>', help.timeout, seconds(cli))
    .option('--file <path>', help.file, collect)
    .option('--output-file <path>', help.outputFile)
    .option('--delay <seconds>', help.delay, seconds(cli))
    .action(act((prompt: string, options: DelegateOptions) => delegate(cli, prompt, options)));
}

async function delegate(cli: Cli, promptArgument: string, options: DelegateOptions): Promise<number> {
  const { terminal, messages } = cli;
  const client = new RestClient(findServer(cli), messages);
  const prompt = promptArgument === '-' ? await readAll(process.stdin) : promptArgument;
  if (prompt.trim() === '') throw new CliError(messages.talk.emptyPrompt, exitCodes.misused);
  const accepted = await client.delegate(bodyOf(prompt, options));
  for (const warning of accepted.warnings ?? []) terminal.say(warning);
  if (!options.sync && !options.follow) {
    if (options.json) terminal.json(accepted);
    else terminal.line(accepted.task_id);
    return exitCodes.done;
  }
  const show = options.follow ? (options.json ? 'events' : 'text') : 'nothing';
  const task = await watchTask(cli, client, accepted.task_id, show);
  return tellOutcome(cli, task, { show, json: options.json === true });
}

function bodyOf(prompt: string, options: DelegateOptions): object {
  const { priority, type, file: files, outputFile: output_file, delay, model, timeout } = options;
  // What was not said is left out: JSON drops what is undefined.
  return {
    prompt,
    priority,
    type,
    files,
    output_file,
    delay,
    options: { model, timeout },
    created_by: 'cli',
  };
}
