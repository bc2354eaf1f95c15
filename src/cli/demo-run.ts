import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/settings.ts';
import { loadConfig } from '../config.ts';
import { homePaths } from '../db/home.ts';
import { type Logs, openLogs } from '../log.ts';
import { KoubouError } from '../machines/errors.ts';
import { type KoubouServer, startServer } from '../server.ts';
import { type Cli, exitCodes } from './cli.ts';
import type { JsonOption } from './command-options.ts';
import { withOneDemoWorker } from './demo-config.ts';
import { RestClient } from './rest-client.ts';
import type { ServerAddress } from './server-address.ts';
import { watchSignals } from './signals.ts';
import { followTask } from './task-follower.ts';
import { tellOutcome } from './task-watch.ts';

export interface DemoOptions extends JsonOption {
  readonly once?: true;
}

const prompt = 'Write a haiku about a workshop. 工房の俳句を一つ。';

/** The main job, without a model: a server with a demo worker, one task over HTTP, its facts and its text. */
export async function runDemo(cli: Cli, { once, json }: DemoOptions): Promise<number> {
  const isOwnHome = (cli.env['KOUBOU_HOME'] ?? '') !== '';
  const home = isOwnHome ? cli.env['KOUBOU_HOME'] : mkdtempSync(join(tmpdir(), 'koubou-demo-'));
  const config = withOneDemoWorker(loadConfig({ ...cli, env: { ...cli.env, KOUBOU_HOME: home } }));
  const logs = openLogs(homePaths(config.home), config.logging);
  const signals = watchSignals();
  signals.onFurther(() => process.exit(exitCodes.failed));
  const { talk } = cli.messages;
  try {
    cli.terminal.say(talk.demoWarning);
    const server = await startAnywhere(cli, config, logs);
    try {
      const address = { url: server.urls.rest, token: config.apiToken };
      const exitCode = await showTask(cli, address, json === true);
      if (once) return exitCode;
      if (!json) showRequests(cli, server.urls.rest, config.apiToken !== null);
      cli.terminal.say(talk.howToStop);
      await signals.first;
      cli.terminal.say(talk.stopping);
      return exitCode;
    } finally {
      await server.stop();
    }
  } finally {
    signals.stop();
    await logs.close();
    if (!isOwnHome) rmSync(config.home, { recursive: true, force: true });
  }
}

/** On the configured port, or on a free one where that is taken: a demo has no clients to disappoint. */
async function startAnywhere(cli: Cli, config: Config, logs: Logs): Promise<KoubouServer> {
  try {
    return await startServer({ config, log: logs, pid: process.pid });
  } catch (error) {
    if (!(error instanceof KoubouError) || error.code !== 'port.taken') throw error;
    cli.terminal.say(cli.messages.talk.otherPort(error.message));
    const ports = { rest: 0, websocket: 0, graphql: 0, logs: 0, dashboard: 0 };
    return startServer({ config: { ...config, ports }, log: logs, pid: process.pid });
  }
}

async function showTask(cli: Cli, address: ServerAddress, json: boolean): Promise<number> {
  const { terminal, messages } = cli;
  const client = new RestClient(address, messages);
  const { url } = address;
  const show = (line: string) => (json ? undefined : terminal.line(line));
  show(`${url}  (${url}/docs)`);
  show(`POST /task/delegate  ${JSON.stringify({ prompt })}`);
  const { task_id: id } = await client.delegate({ prompt, created_by: 'demo' });
  show(`GET /task/${id}/events`);
  const startMs = performance.now();
  const stamp = () => `${((performance.now() - startMs) / 1_000).toFixed(2).padStart(6)} s`;
  const task = await followTask(client, messages, id, {
    onFact: ({ seq, type, from, to }) => show(`${stamp()}  #${seq} ${type}  ${from ?? '-'} → ${to ?? '-'}`),
    onText: (text) => show(`${stamp()}  ${text.trimEnd()}`),
  });
  show('');
  return tellOutcome(cli, task, { show: 'nothing', json });
}

function showRequests({ terminal, messages }: Cli, url: string, needsToken: boolean): void {
  const token = needsToken ? ' -H "Authorization: Bearer $KOUBOU_API_TOKEN"' : '';
  const curl = `curl -s${token}`;
  terminal.line('');
  terminal.line(messages.talk.tryThese);
  terminal.line(`  ${curl} ${url}/task/delegate -d '{"prompt": "Hello", "sync": true}'`);
  terminal.line(`  ${curl} ${url}/task/delegate -d '{"prompt": "Hello", "priority": 9}'`);
  terminal.line(`  ${curl} '${url}/tasks?limit=5'`);
  terminal.line(`  ${curl} ${url}/workers/status`);
  terminal.line(`  ${curl} -N ${url}/task/TASK_ID/events`);
  terminal.line('');
}
