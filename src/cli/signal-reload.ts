import type { Logs } from '../log.ts';
import { KoubouError } from '../machines/errors.ts';
import type { ReloadReport } from '../runtime/operation.ts';
import type { Runtime } from '../runtime.ts';
import type { Cli } from './cli.ts';

/** Reloads each time it is called, one after the other, and tells what came of it in the log and on stderr. */
export function reloaderOf(
  cli: Cli,
  log: Logs['server'],
  runtime: Pick<Runtime, 'reload'>,
): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    last = last.then(() => reloadOnce(cli, log, runtime));
    return last;
  };
}

/** What a reload has done, in a sentence or two. */
export function tellReload({ terminal, messages }: Cli, report: ReloadReport): void {
  const { operating } = messages;
  const { version, changes, needs_restart: lasting } = report;
  if (changes.length > 0) terminal.say(operating.reloaded(version, changes.length));
  if (lasting.length > 0) terminal.say(operating.needsRestart(lasting.length));
  if (changes.length === 0 && lasting.length === 0) terminal.say(operating.nothingChanged);
}

async function reloadOnce(cli: Cli, log: Logs['server'], runtime: Pick<Runtime, 'reload'>): Promise<void> {
  const { terminal, messages } = cli;
  const { operating } = messages;
  try {
    const { version, changes, needs_restart } = await runtime.reload();
    log.info({ version, changes, needs_restart }, 'the configuration was reloaded');
    for (const change of [...changes, ...needs_restart]) terminal.say(`  ${change}`);
    tellReload(cli, { version, changes, needs_restart });
  } catch (error) {
    if (!(error instanceof KoubouError)) {
      log.error({ err: error }, 'the reload failed');
      terminal.say(
        messages.talk.unexpected(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      );
      return;
    }
    const problems = error.message.split('\n');
    log.error({ code: error.code, problems }, 'the reload was refused; the former configuration stays');
    terminal.say(`${operating.reloadRefused}\n${error.message}`);
  }
}
