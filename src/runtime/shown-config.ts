import { basename } from 'node:path';
import { formatPath } from '../config/problem.ts';
import type { Config } from '../config/settings.ts';
import { writtenSettings } from '../config/written-settings.ts';

/** A setting in force, as whoever may read may see it. */
export interface ShownSetting {
  /** As in the files, workers under their names: `workers.local_001.model`; or the name of a variable. */
  readonly path: string;
  /** In the unit of the file, secrets as `***`. */
  readonly value: unknown;
}

/** Where this machine keeps its files is for those who can look there. */
const folders: ReadonlySet<string> = new Set(['KOUBOU_HOME', 'KOUBOU_CONFIG']);

export function shownSettings(config: Config): readonly ShownSetting[] {
  return writtenSettings(config)
    .filter(({ path }) => !folders.has(path[0] ?? ''))
    .map(({ path, shown }) => ({ path: formatPath(path), value: withoutFolders(path, shown) }));
}

function withoutFolders(path: readonly string[], shown: unknown): unknown {
  if (path[0] === 'files' && Array.isArray(shown)) return shown.map((root) => `…/${basename(String(root))}`);
  return path[0] === 'workers' && path.at(-1) === 'command' ? basename(String(shown)) : shown;
}
