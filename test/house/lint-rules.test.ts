import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/running-server.ts';

const biome = resolve('node_modules/@biomejs/biome/bin/biome');

/** What the linter says of a file that would stand there. */
function lint(path: string, code: string): string {
  const house = temporaryFolder();
  cpSync('biome.json', join(house, 'biome.json'));
  cpSync('scripts/lint', join(house, 'scripts/lint'), { recursive: true });
  mkdirSync(join(house, dirname(path)), { recursive: true });
  writeFileSync(join(house, path), code);
  const argv = [biome, 'lint', '--colors=off', '--vcs-enabled=false', path];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { cwd: house, encoding: 'utf8' });
  return stdout + stderr;
}

test.each([
  ['imports a library', "import { z } from 'zod';\nexport const x = z;\n", 'noRestrictedImports'],
  [
    'imports Node',
    "import { readFileSync } from 'node:fs';\nexport const x = readFileSync;\n",
    'noRestrictedImports',
  ],
  [
    'imports another floor',
    "import { describe } from '../db/events-table.ts';\nexport const x = describe;\n",
    'noRestrictedImports',
  ],
  ['reads the clock', 'export const x = Date.now();\n', 'noRestrictedGlobals'],
  ['sets a timer', 'export const x = setTimeout;\n', 'noRestrictedGlobals'],
  ['asks the network', "export const x = fetch('/');\n", 'noRestrictedGlobals'],
  ['reads the environment', 'export const x = process.env;\n', 'noRestrictedGlobals'],
  ['throws dice', 'export const x = Math.random();\n', 'Chance is injected'],
])('the linter stops a machine that %s', (_what, code, rule) => {
  expect(lint('src/machines/probe.ts', code)).toContain(rule);
});

test('a machine may import xstate and its siblings, and count', () => {
  const code =
    "import { setup } from 'xstate';\nimport { limits } from './limits.ts';\nexport const x = [setup, limits, Math.min(1, 2)];\n";
  const said = lint('src/machines/probe.ts', code);
  expect(said).toContain('Checked 1 file');
  expect(said).not.toContain('━');
});

test.each([
  ['db', '../http/app.ts'],
  ['db', '../runtime.ts'],
  ['actors', '../db/schema.ts'],
  ['actors', '../runtime.ts'],
  ['http', '../db/schema.ts'],
  ['http', '../actors/clock.ts'],
])('imports point one way: src/%s may not import %s', (folder, from) => {
  expect(
    lint(`src/${folder}/probe.ts`, `import * as other from '${from}';\nexport const x = other;\n`),
  ).toContain('noRestrictedImports');
});
