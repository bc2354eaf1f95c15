import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import type { Act, Cli } from '../../src/cli/cli.ts';
import { messagesFor } from '../../src/cli/messages.ts';
import { buildProgram } from '../../src/cli/program.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const notOurs = new Set([
  'node_modules',
  'dist',
  '.git',
  'coverage',
  'artifacts',
  'results',
  '.koubou',
  '.model',
]);

const files = filesBelow(project);
const documents = files.filter((file) => file.endsWith('.md')).map(readDocument);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (notOurs.has(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(path) : [relative(project, path)];
  });
}

interface Block {
  readonly language: string;
  readonly code: string;
}

interface Document {
  readonly file: string;
  readonly blocks: readonly Block[];
  /** Everything but the blocks. */
  readonly prose: string;
}

function readDocument(file: string): Document {
  const text = readFileSync(join(project, file), 'utf8');
  const blocks: Block[] = [];
  const fence = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;
  const prose = text.replace(fence, (_, indent: string, language: string, code: string) => {
    blocks.push({ language, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') });
    return '';
  });
  return { file, blocks, prose };
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
}

/** Faults of all documents, each with the name of its file. */
function faults(find: (document: Document) => readonly string[]): string[] {
  return documents.flatMap((document) => find(document).map((fault) => `${document.file}: ${fault}`));
}

/** The place of a heading as GitHub names it. */
function anchorsOf({ prose }: Document): string[] {
  return matches(prose, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

describe('documents', () => {
  test('link to places that exist', () => {
    const broken = faults((document) =>
      matches(document.prose, /\]\(([^)\s]+)\)/g).filter((link) => {
        if (/^[a-z]+:/.test(link)) return false;
        const [path = '', anchor] = link.split('#');
        const file = path === '' ? document.file : join(dirname(document.file), path);
        if (!existsSync(join(project, file))) return true;
        const target = documents.find((candidate) => candidate.file === file);
        return anchor !== undefined && (target === undefined || !anchorsOf(target).includes(anchor));
      }),
    );
    expect(broken).toEqual([]);
  });

  test('name no file that is missing', () => {
    const missing = faults(({ prose }) =>
      matches(prose, /`((?:src|test|config|docs|scripts|migrations|bin|bench)(?:\/[\w.-]+)*\/?)`/g).filter(
        // What a run writes is there after the run.
        (path) => !path.startsWith('bench/results') && !existsSync(join(project, path)),
      ),
    );
    expect(missing).toEqual([]);
  });

  test('name no script that package.json does not have', () => {
    const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const unknown = faults(({ prose, blocks }) => {
      const text = [prose, ...blocks.map(({ code }) => code)].join('\n');
      const named = [...matches(text, /\bnpm run ([\w:-]+)/g), ...matches(text, /\bnpm (test|start)\b/g)];
      return named.filter((script) => manifest.scripts[script] === undefined);
    });
    expect(unknown).toEqual([]);
  });

  test('name no command and no option that koubou does not have', () => {
    const cli = { env: {}, cwd: project, messages: messagesFor({}) } as unknown as Cli;
    const act: Act = () => () => Promise.resolve();
    const program = buildProgram(cli, act);
    const unknown = faults(({ prose, blocks }) => {
      const shell = blocks
        .filter(({ language }) => language === 'sh')
        .flatMap(({ code }) => code.split('\n'));
      const inline = matches(prose, /`([^`\n]+)`/g);
      return [...shell, ...inline].filter((line) => !isCommandLine(program, line));
    });
    expect(unknown).toEqual([]);
  });

  test('show the two lines that a reader begins with', () => {
    for (const file of ['README.md', 'README.ja.md']) {
      const shell = documents.find((document) => document.file === file)?.blocks.map(({ code }) => code);
      expect(shell).toContain('npm ci && npm run demo\n');
      expect(shell).toContain('npm ci && npm test\n');
    }
  });

  test('show the same code and the same keys in both languages', () => {
    const [english, japanese] = ['README.md', 'README.ja.md'].map((file) => {
      const document = documents.find((candidate) => candidate.file === file);
      // A picture is translated; code is not.
      const code = document?.blocks.filter(({ language }) => language !== 'mermaid');
      const headings = matches(document?.prose ?? '', /^(#+) /gm);
      const keys = matches(document?.prose ?? '', /`([^`\n]+)`/g).toSorted();
      return { code, headings, keys: [...new Set(keys)] };
    });
    expect(japanese).toEqual(english);
  });
});

/** True for a line that is no call of koubou, too. */
function isCommandLine(program: Command, line: string): boolean {
  const call = /^(?:node bin\/koubou\.js|koubou) +([^#]*)/.exec(line.trim());
  if (call === null) return true;
  const words = (call[1] ?? '').trim().split(/\s+/);
  let command = program;
  for (const word of words) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) break;
    command = next;
  }
  const options = matches(call[1] ?? '', /(?<=^|\s)(--?[a-z][\w-]*)/g);
  return (
    command !== program &&
    options.every((name) => command.options.some(({ short, long }) => name === short || name === long))
  );
}

test('nothing names the host of a package registry', () => {
  const hosts = /registry\.[\w-]+\.\w+|npmmirror|artifactory|verdaccio|jfrog|nexus\.[\w-]+\.\w+/i;
  const named = files
    .filter((file) => /\.(?:md|json|ya?ml|ts|mjs|js|sql|npmrc)$|\.ci\/run$|(?:^|\/)\.npmrc$/.test(file))
    .filter((file) => file !== 'test/docs/docs.test.ts')
    .filter((file) => hosts.test(readFileSync(join(project, file), 'utf8')));
  expect(named).toEqual([]);
});
