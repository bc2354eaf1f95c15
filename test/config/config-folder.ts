/** Configuration folders for tests: texts in, problems and positions out. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { type Config, type ConfigProblem, checkConfig, loadConfig } from '../../src/config.ts';

/** The least that a valid file says. */
export const leastWorkers = 'workers: {}\n';
export const leastModels = 'default_model: any\nmodels:\n  any:\n    name: any:1b\n';

export interface Texts {
  /** Left out: the file is missing, which is fine. */
  readonly koubou?: string;
  /** Left out: the least; `null`: missing. */
  readonly workers?: string | null;
  readonly models?: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const root = mkdtempSync(join(tmpdir(), 'koubou-config-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A fresh, empty folder that is gone after the test file. */
export function freshFolder(): string {
  folders += 1;
  const folder = join(root, String(folders));
  mkdirSync(folder);
  return folder;
}

export function writeConfig(
  { koubou, workers = leastWorkers, models = leastModels }: Texts,
  folder = freshFolder(),
) {
  mkdirSync(folder, { recursive: true });
  if (koubou !== undefined) writeFileSync(join(folder, 'koubou.yaml'), koubou);
  if (workers !== null) writeFileSync(join(folder, 'workers.yaml'), workers);
  if (models !== null) writeFileSync(join(folder, 'ollama_models.yaml'), models);
  return folder;
}

export function load(texts: Texts, env: Environment = {}): Config {
  return loadConfig({ configDir: writeConfig(texts), cwd: root, env });
}

export function problemsIn(texts: Texts, env: Environment = {}): readonly ConfigProblem[] {
  return checkConfig({ configDir: writeConfig(texts), cwd: root, env }).problems;
}

/** Takes the mark `▶` out of a text and tells where it stood, counted from 1. */
export function marked(text: string): {
  readonly text: string;
  readonly line: number;
  readonly column: number;
} {
  const before = text.split('▶')[0] ?? '';
  const lines = before.split('\n');
  return { text: text.replace('▶', ''), line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

export interface Refusal {
  readonly name: string;
  /** With the mark ▶ where the problem must stand. */
  readonly text: string;
  readonly path: string;
  readonly fault: string;
  readonly hint?: string;
}

/** Expects this problem of the text, at the mark, and no other. */
export function expectOneProblem(file: keyof Texts, { text: source, path, fault, hint }: Refusal): void {
  const { text, line, column } = marked(source);
  const problems = problemsIn({ [file]: text });
  expect(problems).toEqual([expect.objectContaining({ line, column, path })]);
  expect(problems[0]?.fault).toContain(fault);
  if (hint !== undefined) expect(problems[0]?.hint).toContain(hint);
}
