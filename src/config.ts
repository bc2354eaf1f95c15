/** The configuration: three YAML files and a few variables, read once, checked whole, frozen. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assembleConfig } from './config/assemble.ts';
import { readConfigFile } from './config/config-file.ts';
import { readEnvironment, type Variables } from './config/environment.ts';
import type { Environment } from './config/expansion.ts';
import { deepFreeze } from './config/freeze.ts';
import { koubouFileSchema } from './config/koubou-file.ts';
import { checkListeners } from './config/listener-checks.ts';
import { checkModels } from './config/model-checks.ts';
import { modelsFileSchema } from './config/models-file.ts';
import { type ConfigProblem, formatProblem } from './config/problem.ts';
import type { Config } from './config/settings.ts';
import { summarize } from './config/summary.ts';
import { trialEnvironment } from './config/trial-environment.ts';
import { checkWorkers } from './config/worker-checks.ts';
import { workersFileSchema } from './config/workers-file.ts';
import { homePaths } from './db/home.ts';
import { hasStoredToken } from './db/tokens-table.ts';
import { KoubouError } from './machines/errors.ts';

export { type ConfigProblem, formatProblem } from './config/problem.ts';
export type { Config } from './config/settings.ts';

/** The folder of the configuration that comes with the program, beside `src` and `dist`. */
const shippedConfigDir = fileURLToPath(new URL('../config', import.meta.url));

export interface LoadConfigOptions {
  /** Outranks `KOUBOU_CONFIG`. */
  readonly configDir?: string;
  /** Base of relative paths. */
  readonly cwd: string;
  /** `process.env`, or what stands for it. */
  readonly env: Environment;
  /** For a trial: stands in for what `workers.yaml` says. */
  readonly workersText?: string | undefined;
}

/**
 * Reads `koubou.yaml` (which may be missing), `workers.yaml` and `ollama_models.yaml`.
 *
 * Throws `config.invalid` with every problem at once: one line each in the message, and as `ConfigProblem[]` in
 * `details.problems`.
 */
export function loadConfig(options: LoadConfigOptions): Config {
  const reading = readConfig(options);
  if ('config' in reading) return reading.config;
  const { problems } = reading;
  throw new KoubouError('config.invalid', problems.map(formatProblem).join('\n'), { details: { problems } });
}

export interface ConfigCheck {
  /** Empty when `loadConfig` would succeed. */
  readonly problems: readonly ConfigProblem[];
  /** Lines for people: what is set up, or how much is wrong. */
  readonly summary: readonly string[];
}

/** What `koubou config check` prints. Never throws for what the configuration says. */
export function checkConfig(options: LoadConfigOptions): ConfigCheck {
  const reading = readConfig(options);
  if ('config' in reading) return { problems: [], summary: summarize(reading.config) };
  const { problems, configDir } = reading;
  return { problems, summary: [`files: ${configDir}`, `problems: ${problems.length}`] };
}

type Reading =
  | { readonly config: Config }
  | { readonly problems: readonly ConfigProblem[]; readonly configDir: string };

function readConfig({ configDir: chosenDir, cwd, env, workersText }: LoadConfigOptions): Reading {
  const { variables, problems: variableProblems } = readEnvironment(env);
  const home = resolve(cwd, variables.KOUBOU_HOME ?? '.koubou');
  const configDir = chosenDir === undefined ? findConfigDir(home, cwd, variables) : resolve(cwd, chosenDir);
  const from = { configDir, environment: env };
  const koubou = readConfigFile('koubou.yaml', koubouFileSchema, { ...from, mayBeMissing: true });
  const workers = readConfigFile('workers.yaml', workersFileSchema, {
    ...from,
    ...(workersText === undefined
      ? {}
      : { text: workersText, environment: trialEnvironment(configDir, env) }),
  });
  const models = readConfigFile('ollama_models.yaml', modelsFileSchema, from);
  const hasToken = () => hasStoredToken(homePaths(home).database);
  const problems = [
    ...variableProblems,
    ...inOrderOfLines([...koubou.problems, ...checkListeners(koubou.root, variables, hasToken)]),
    ...inOrderOfLines([...workers.problems, ...checkWorkers(workers.root)]),
    ...inOrderOfLines([...models.problems, ...checkModels(models.root)]),
  ];
  if (
    problems.length > 0 ||
    koubou.settings === undefined ||
    workers.settings === undefined ||
    models.settings === undefined
  ) {
    return { problems, configDir };
  }
  const files = { koubou: koubou.settings, workers: workers.settings, models: models.settings };
  return { config: deepFreeze(assembleConfig({ home, configDir, variables, ...files })) };
}

function findConfigDir(home: string, cwd: string, variables: Variables): string {
  if (variables.KOUBOU_CONFIG !== undefined) return resolve(cwd, variables.KOUBOU_CONFIG);
  const own = resolve(home, 'config');
  return existsSync(own) ? own : shippedConfigDir;
}

function inOrderOfLines(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
