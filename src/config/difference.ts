/** What a change of the files means, setting by setting: for a reload while the server runs. */

import { isDeepStrictEqual } from 'node:util';
import { formatPath } from './problem.ts';
import type { Config } from './settings.ts';
import { type WrittenSetting, writtenSettings } from './written-settings.ts';

export interface ConfigChange {
  /** As in the files, workers under their names: `workers.local_001.max_concurrent_tasks`; or the name of a variable. */
  readonly path: string;
  /**
   * In the unit of the file, secrets as `***`, `null` for nothing. A worker, a machine or a model that came or went is one
   * change: all its settings on one side, `null` on the other.
   */
  readonly from: unknown;
  readonly to: unknown;
  /** The running server keeps to what was before. */
  readonly needsRestart: boolean;
}

export interface ConfigDifference {
  readonly changes: readonly ConfigChange[];
}

/** What is bound, opened or sized once, at the start. */
const fixedAtStart = [
  ['KOUBOU_HOME'],
  ['KOUBOU_CONFIG'],
  ['KOUBOU_API_TOKEN'],
  ['WORKER_AUTH_TOKEN'],
  ['KOUBOU_MCP_CONFORMANCE'],
  ['host'],
  ['ports'],
  ['storage'],
  ['logging'],
  ['server', 'drain_grace_seconds'],
  ['pool', 'admission_window'],
] as const;

/** The configuration after a reload: what is fixed at the start stays as it was. */
export function reloaded(before: Config, after: Config): Config {
  const { home, configDir, host, ports, apiToken, workerAuthToken, mcpConformance, storage, logging } =
    before;
  return {
    ...after,
    ...{ home, configDir, host, ports, apiToken, workerAuthToken, mcpConformance, storage, logging },
    server: { ...after.server, drainGraceMs: before.server.drainGraceMs },
    pool: { ...after.pool, admissionWindow: before.pool.admissionWindow },
  };
}

/** Every setting that differs, once. The order of workers, machines and models is no difference. */
export function configDifference(before: Config, after: Config): ConfigDifference {
  const old = inOwners(writtenSettings(before));
  const fresh = inOwners(writtenSettings(after));
  const owners = [...new Set([...old.keys(), ...fresh.keys()])];
  return { changes: owners.flatMap((owner) => changesOf(owner, old.get(owner), fresh.get(owner))) };
}

/** The changes as lines for a log. */
export function summaryOf({ changes }: ConfigDifference): readonly string[] {
  return changes.map(({ path, from, to, needsRestart }) => {
    const restart = needsRestart ? ' (takes a restart)' : '';
    return `${path}: ${describe(from, to)}${restart}`;
  });
}

/** The settings of each owner by their paths; those without one are under the empty name. */
type Owners = ReadonlyMap<string, ReadonlyMap<string, WrittenSetting>>;

function inOwners(settings: readonly WrittenSetting[]): Owners {
  const owners = new Map<string, Map<string, WrittenSetting>>();
  for (const setting of settings) {
    const name = formatPath(setting.owner ?? []);
    const owned = owners.get(name) ?? new Map<string, WrittenSetting>();
    owners.set(name, owned.set(formatPath(setting.path), setting));
  }
  return owners;
}

type Owned = ReadonlyMap<string, WrittenSetting>;

function changesOf(owner: string, old: Owned | undefined, fresh: Owned | undefined): ConfigChange[] {
  if (old === undefined || fresh === undefined) {
    return [{ path: owner, from: wholeOf(old), to: wholeOf(fresh), needsRestart: false }];
  }
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((path) => {
    const from = old.get(path);
    const to = fresh.get(path);
    if (isDeepStrictEqual(from?.value, to?.value)) return [];
    const needsRestart = isFixed(to?.path ?? from?.path ?? []);
    return [{ path, from: from?.shown ?? null, to: to?.shown ?? null, needsRestart }];
  });
}

function wholeOf(owned: Owned | undefined): unknown {
  if (owned === undefined) return null;
  return Object.fromEntries(
    [...owned.values()].map(({ path, owner, shown }) => [formatPath(path.slice(owner?.length ?? 0)), shown]),
  );
}

function isFixed(path: readonly string[]): boolean {
  return fixedAtStart.some((fixed) => fixed.every((step, index) => path[index] === step));
}

function describe(from: unknown, to: unknown): string {
  if (isMapping(to) && from === null) return 'added';
  if (isMapping(from) && to === null) return 'removed';
  // A list of rules would fill the line and still show nobody what is different.
  if ([from, to].some((value) => Array.isArray(value) && value.some(isMapping))) return 'changed';
  if (Array.isArray(from) && Array.isArray(to)) return describeList(from, to);
  const [old, fresh] = [textOf(from), textOf(to)];
  return old === fresh ? 'changed' : `${old} → ${fresh}`;
}

/** What came and what went, in place of two long lists. */
function describeList(from: readonly unknown[], to: readonly unknown[]): string {
  const added = to.filter((item) => !from.includes(item)).map((item) => `+${String(item)}`);
  const removed = from.filter((item) => !to.includes(item)).map((item) => `−${String(item)}`);
  return [...added, ...removed].length === 0 ? 'in another order' : textOf([...added, ...removed]);
}

const textCharsMax = 60;

function textOf(value: unknown): string {
  if (value === null) return 'none';
  const text = Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
  // One line each, whatever stands in a description.
  const line = text.replace(/\s+/g, ' ');
  return line.length <= textCharsMax ? line : `${line.slice(0, textCharsMax)}…`;
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
