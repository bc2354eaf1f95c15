import type { Hono } from 'hono';
import { homePaths } from '../../../src/db/home.ts';
import { logFacts } from '../../../src/fact-log.ts';
import { createLogApp } from '../../../src/http/logs/log-app.ts';
import { openLogs } from '../../../src/log.ts';
import type { TaskId } from '../../../src/machines/identifiers.ts';
import type { TaskSpec } from '../../../src/runtime/delegation.ts';
import type { TaskView } from '../../../src/runtime/task-view.ts';
import type { Runtime } from '../../../src/runtime.ts';
import { onDisposal } from '../../support/disposal.ts';
import { type SetUp, setupRuntime, spec } from '../../support/running-server.ts';
import { until } from '../../support/until.ts';

export interface LogClient {
  readonly app: Hono;
  readonly runtime: Runtime;
  readonly home: string;
  /** What the server logged as its own mistake. */
  readonly faults: readonly string[];
  readonly get: (
    path: string,
    headers?: Record<string, string>,
    // biome-ignore lint/suspicious/noExplicitAny: a body as a client gets it: of any shape until it is looked at
  ) => Promise<{ readonly status: number; readonly headers: Headers; readonly body: any }>;
  /** Delegates a task and waits until it has ended. */
  readonly done: (changes?: Partial<TaskSpec>) => Promise<TaskView>;
}

/** The Log API of a runtime that writes its logs, asked without a network. */
export async function setupLogApi(setUp: SetUp = {}): Promise<LogClient> {
  const { runtime, home, config } = await setupRuntime(setUp);
  // What happens at a start is told before the logs are opened, so that each test knows what they hold.
  await until(() => {
    const types = runtime.history(0, 100).map(({ type }) => type);
    if (!types.includes('pool.started') || types.length <= runtime.workers().length)
      throw new Error(`only ${types} so far`);
  });
  const logs = openLogs(homePaths(home), config.logging);
  onDisposal(() => logs.close());
  runtime.stream.subscribe(logFacts(logs));
  const faults: string[] = [];
  const app = createLogApp(runtime, {
    error: (details, message) => void faults.push(`${message} ${JSON.stringify(details)}`),
  });
  return {
    app,
    runtime,
    home,
    faults,
    get: async (path, headers = {}) => {
      const response = await app.request(path, { headers });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    done: async (changes = {}) => {
      const { taskIds } = await runtime.delegate([spec(changes)]);
      return runtime.wait(taskIds[0] as TaskId, 10_000);
    },
  };
}

/** Asks until what is on its way to the disk has got there. */
export async function untilLogged(client: LogClient, path: string, count: number) {
  let body = (await client.get(path)).body;
  await until(async () => {
    body = (await client.get(path)).body;
    if (body.logs.length < count) throw new Error(`only ${body.logs.length} lines, not ${count}`);
  });
  return body;
}
