import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolders } from '../db/home.ts';
import { KoubouError } from '../machines/errors.ts';
import { homeScripts } from './home-scripts.ts';

const shippedConfig = fileURLToPath(new URL('../../config', import.meta.url));

/** What became of one file. */
export interface LaidOutFile {
  /** Relative to the home. */
  readonly path: string;
  readonly action: 'created' | 'kept' | 'unchanged' | 'replaced';
  /** Where the former one is, relative to the home. */
  readonly backup: string | null;
}

interface Template {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Lays out a home: configuration, its schemas, and scripts. What is there stays as it is; with `force` it is replaced,
 * and kept as `<name>.bak`.
 *
 * @throws KoubouError `home.unusable`
 */
export function layOut(home: string, force: boolean): readonly LaidOutFile[] {
  try {
    return templates().map((template) => layOutFile(home, template, force));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KoubouError('home.unusable', `cannot lay out ${home}: ${reason}`, { cause: error });
  }
}

function templates(): readonly Template[] {
  const schemas = readdirSync(join(shippedConfig, 'schema')).map((name) => join('schema', name));
  const configs = ['koubou.yaml', 'workers.yaml', 'ollama_models.yaml', ...schemas].map((name) => ({
    path: join('config', name),
    text: readFileSync(join(shippedConfig, name), 'utf8'),
    mode: 0o644,
  }));
  const scripts = Object.entries(homeScripts()).map(([path, text]) => ({ path, text, mode: 0o755 }));
  return [...configs, ...scripts];
}

function layOutFile(home: string, { path, text, mode }: Template, force: boolean): LaidOutFile {
  const target = join(home, path);
  makeFolders(dirname(target));
  if (existsSync(target)) {
    if (readFileSync(target, 'utf8') === text) return { path, action: 'unchanged', backup: null };
    if (!force) return { path, action: 'kept', backup: null };
  }
  const backup = existsSync(target) ? freeName(home, path) : null;
  if (backup !== null) copyFileSync(target, join(home, backup));
  writeFileSync(target, text);
  chmodSync(target, mode);
  return { path, action: backup === null ? 'created' : 'replaced', backup };
}

/** An older backup is nobody's to overwrite. */
function freeName(home: string, path: string): string {
  let name = `${path}.bak`;
  for (let count = 2; existsSync(join(home, name)); count += 1) name = `${path}.bak${count}`;
  return name;
}
