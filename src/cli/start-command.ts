import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { startInBackground } from './background.ts';
import type { Act, Cli } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { withDemoWorkers } from './demo-config.ts';

interface StartOptions extends JsonOption {
  readonly background?: true;
  readonly demo?: true;
}

/** `koubou start` */
export function registerStart(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages;
  addCommand(program, cli, {
    usage: 'start',
    description: help.start,
    examples: [
      'koubou start',
      'koubou start --background',
      'koubou start --demo',
      'KOUBOU_MCP_PORT=0 koubou start',
    ],
  })
    .option('-b, --background', help.background)
    .option('--demo', help.demoWorkers)
    .action(act((options: StartOptions) => start(cli, options)));
}

async function start(cli: Cli, { background, demo, json }: StartOptions): Promise<number> {
  const flags = { isDemo: demo === true, json: json === true };
  if (background) return startInBackground(cli, loadConfig(cli), flags);
  const read = (workersText?: string) => {
    const config = loadConfig({ ...cli, workersText });
    return flags.isDemo ? withDemoWorkers(config) : config;
  };
  // Only commands that serve load the server.
  const { serve } = await import('./serve.ts');
  return serve(cli, read, flags);
}
