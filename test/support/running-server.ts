import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Backend } from '../../src/actors/execution.ts';
import type { Config } from '../../src/config/settings.ts';
import { loadConfig } from '../../src/config.ts';
import { homePaths, takeHome } from '../../src/db/home.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import type { WorkerConfig } from '../../src/machines/routing-policy.ts';
import { type Sighting, unseen } from '../../src/machines/sighting.ts';
import type { TaskSpec } from '../../src/runtime/delegation.ts';
import { type Runtime, type RuntimeOptions, startRuntime } from '../../src/runtime.ts';
import { onDisposal } from './disposal.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'koubou-test-'));
  onDisposal(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface SetUp extends Partial<Pick<RuntimeOptions, 'clock' | 'random' | 'store'>> {
  readonly home?: string;
  readonly workers?: readonly Partial<WorkerConfig>[];
  readonly backend?: Backend;
  readonly change?: (config: Config) => Config;
  /** What the runtime logs goes here. */
  readonly logged?: string[];
  /** What the files say at a reload. */
  readonly reread?: () => Config;
  /** Hands this worker's jobs to a backend of its own. */
  readonly backendOf?: (worker: WorkerConfig) => Backend | undefined;
  readonly sighting?: Sighting;
  readonly onFatal?: (error: unknown) => void;
}

/** The shipped configuration on a home of its own, with these workers, any free port and no backoff to speak of. */
function configFor({ home = temporaryFolder(), workers = [{}], change = (config) => config }: SetUp): Config {
  const shipped = loadConfig({
    configDir: join(project, 'config'),
    cwd: home,
    env: {
      KOUBOU_HOME: home,
      KOUBOU_MCP_PORT: '0',
      KOUBOU_LOGS_PORT: '0',
      KOUBOU_WEBSOCKET_PORT: '0',
      KOUBOU_GRAPHQL_PORT: '0',
      KOUBOU_DASHBOARD_PORT: '0',
    },
  });
  const [first] = shipped.workers;
  if (first === undefined) throw new Error('the shipped configuration has no worker');
  return change({
    ...shipped,
    workers: workers.map((worker, index) => ({
      ...first,
      workerId: workerId(`worker_${index + 1}`),
      ...worker,
    })),
    pool: { ...shipped.pool, maxActiveTasks: 1_000, maxWorkers: 1_000 },
    models: {
      ...shipped.models,
      server: { ...shipped.models.server, retryDelayMs: 2 },
      // Tests send the same prompt again and again, and mean it.
      cache: { ...shipped.models.cache, enabled: false },
      fallback: { ...shipped.models.fallback, enabled: false },
    },
    server: { ...shipped.server, drainGraceMs: 0 },
  });
}

/** A runtime on a home of its own that ends with the test. Its workers answer "done" at once if not told otherwise. */
export async function setupRuntime(
  setUp: SetUp = {},
): Promise<{ runtime: Runtime; home: string; config: Config; close: () => Promise<void> }> {
  const config = configFor(setUp);
  const backend = setUp.backend ?? (async () => succeeded('done'));
  const lock = takeHome(homePaths(config.home), process.pid);
  const log = (_details: object, message: string) => void setUp.logged?.push(message);
  const runtime = await startRuntime({
    config,
    log: { info: () => undefined, warn: log, error: log },
    endpointOf: (worker) => ({
      backend: setUp.backendOf?.(worker) ?? backend,
      probe: () => Promise.resolve(setUp.sighting ?? unseen),
      takesPlainPrompts: true,
    }),
    ...(setUp.reread === undefined ? {} : { reread: setUp.reread }),
    ...(setUp.onFatal === undefined ? {} : { onFatal: setUp.onFatal }),
    ...(setUp.clock === undefined ? {} : { clock: setUp.clock }),
    ...(setUp.random === undefined ? {} : { random: setUp.random }),
    ...(setUp.store === undefined ? {} : { store: setUp.store }),
  });
  /** Leaves the home to another one. */
  const close = async () => {
    await runtime.close();
    lock.release();
  };
  onDisposal(close);
  return { runtime, home: config.home, config, close };
}

export function succeeded(output: string): Outcome {
  return { kind: 'succeeded', output, usage: noUsage };
}

export function spec(changes: Partial<TaskSpec> = {}): TaskSpec {
  return {
    prompt: 'write a haiku',
    taskType: 'general',
    priority: 5,
    files: [],
    outputFile: null,
    options: {},
    runAtMs: null,
    createdBy: 'test',
    ...changes,
  };
}
