import type { Config } from '../config/settings.ts';
import { homePaths } from '../db/home.ts';
import { type Logs, openLogs } from '../log.ts';
import { type KoubouServer, startServer } from '../server.ts';
import { version } from '../version.ts';
import { type Cli, exitCodes } from './cli.ts';
import { doorLines } from './door-lines.ts';
import { reloaderOf } from './signal-reload.ts';
import { watchSignals } from './signals.ts';
import { forgetStart, noteStart } from './start-note.ts';

export interface ServeOptions {
  readonly isDemo: boolean;
  readonly json: boolean;
}

/**
 * Runs a server in this process until SIGTERM or SIGINT, and drains it. A second signal ends it at once. SIGHUP reloads.
 *
 * @param read reads the configuration: now, again for each reload, and with a text for `workers.yaml` for a trial
 * @throws KoubouError when it cannot start
 */
export async function serve(
  cli: Cli,
  read: (workersText?: string) => Config,
  { isDemo, json }: ServeOptions,
): Promise<number> {
  const { terminal, messages } = cli;
  const { talk } = messages;
  const config = read();
  const paths = homePaths(config.home);
  const logs = openLogs(paths, config.logging);
  const { die, unguard } = guard(cli, logs);
  const signals = watchSignals({ hangup: 'reload' });
  try {
    for (const notice of config.notices) terminal.say(notice);
    if (isDemo) terminal.say(talk.demoWarning);
    const server = await startServer({ config, log: logs, pid: process.pid, onFatal: die, reread: read });
    noteStart(paths, isDemo);
    // Not before the home is ours: a start that is refused leaves no trace in the logs of another server.
    for (const notice of config.notices) logs.server.warn({}, notice);
    logs.server.info({ version, urls: server.urls, home: config.home, demo: isDemo }, 'server is ready');
    announce(cli, server, { isDemo, json });
    const reload = reloaderOf(cli, logs.server, server.runtime);
    signals.onReload(() => void reload());
    const signal = await signals.first;
    signals.onReload(() => undefined); // It is too late for another configuration.
    forgetStart(paths); // While the home is ours still.
    terminal.say(talk.stopping);
    logs.server.info({ signal }, 'server is stopping');
    signals.onFurther(() => {
      terminal.say(talk.forced);
      process.exit(exitCodes.failed);
    });
    await server.stop().catch((error: unknown) => {
      logs.server.error({ err: error }, 'the stop failed');
      throw error;
    });
    logs.server.info({}, 'server has stopped');
    terminal.say(talk.stopped);
    return exitCodes.done;
  } finally {
    signals.stop();
    await logs.close();
    unguard();
  }
}

/** What operators and their scripts want to know of a server that is ready. */
function announce({ terminal, messages }: Cli, { urls }: KoubouServer, { isDemo, json }: ServeOptions): void {
  const { talk } = messages;
  if (json) {
    terminal.json({ pid: process.pid, urls, demo: isDemo });
    return;
  }
  terminal.line(talk.ready(version));
  for (const line of doorLines(urls)) terminal.line(line);
  terminal.say(talk.howToStop);
}

/** What nobody caught leaves the process in a state that nobody knows: it is told, and the process ends. */
function guard(
  { terminal, messages }: Cli,
  logs: Logs,
): { die: (error: unknown) => void; unguard: () => void } {
  const die = (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.say(messages.talk.unexpected(text));
    logs.server.fatal({ err: error }, 'the server ends: an error that nobody caught');
    void logs.close().finally(() => process.exit(exitCodes.failed));
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  const unguard = () => {
    process.off('uncaughtException', die);
    process.off('unhandledRejection', die);
  };
  return { die, unguard };
}
