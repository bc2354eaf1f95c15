import { expect, test } from 'vitest';
import { exitOutcome, type GeminiAsked } from '../../src/actors/gemini-errors.ts';
import { messageOf } from '../support/gemini-run.ts';

const asked: GeminiAsked = {
  program: 'gemini-repo-cli',
  address: 'gpu.lan:11434',
  model: 'tiny',
  prompt: 'tell nobody about the blue heron on the roof of the 工房 across the river',
};

/** A line as the program logs it. */
function logged(record: object, level = 'ERROR'): string {
  return `${JSON.stringify({ timestamp: '2026-01-01T00:00:00', level, event: 'generation_end', ...record })}\n`;
}

const failures: Readonly<Record<string, readonly [kind: string, code: string, part: string]>> = {
  'Failed to connect to Ollama. Please check that Ollama is downloaded, running': [
    'retry',
    'backend.unreachable',
    'cannot reach Ollama at gpu.lan:11434: Failed to connect',
  ],
  'An error occurred: [Errno 111] Connection refused': ['retry', 'backend.unreachable', 'gpu.lan:11434'],
  '[Errno -2] Name or service not known': ['retry', 'backend.unreachable', 'gpu.lan:11434'],
  'Server disconnected without sending a response.': ['retry', 'backend.unreachable', 'gpu.lan:11434'],
  'The read operation timed out': ['retry', 'backend.no_answer', 'no answer'],
  'Error reading file /home/me/x: Permission denied': ['failed', 'input.refused', 'A file of the task'],
  'Context file not found: /home/me/x': ['failed', 'input.refused', 'A file of the task'],
  'out of luck': ['retry', 'backend.error', 'ended with code 1: out of luck.'],
};

test.each(Object.entries(failures))('the logged error %j', (error, [kind, code, part]) => {
  expect(exitOutcome(asked, 1, logged({ error }))).toMatchObject({
    kind,
    failure: { code, message: expect.stringContaining(part) },
  });
});

test.each([
  [400, 'invalid option', 'failed', 'input.refused', '(400): invalid option.'],
  [401, 'invalid key sk-0123456789', 'failed', 'input.refused', "check the worker's host"],
  [403, 'forbidden', 'failed', 'input.refused', '403'],
  [404, "model 'tiny' not found", 'failed', 'model.unknown', '`ollama pull tiny`'],
  [404, '404 page not found', 'failed', 'input.refused', '/api/generate'],
  [429, 'too many requests', 'retry', 'backend.busy', '429'],
  [500, 'timeout of the runner', 'retry', 'backend.error', 'timeout of the runner'],
  [503, 'server busy', 'retry', 'backend.busy', '503'],
] as const)('the status %d with %j from its Ollama server', (status, error, kind, code, part) => {
  expect(exitOutcome(asked, 1, logged({ status_code: status, error }))).toMatchObject({
    kind,
    failure: { code, message: expect.stringContaining(part) },
  });
});

test('a refused key is not repeated', () => {
  const outcome = exitOutcome(asked, 1, logged({ status_code: 401, error: 'invalid key sk-0123456789' }));
  expect(messageOf(outcome)).not.toContain('sk-');
});

test('a status counts although the error is logged once more without it', () => {
  const stderr =
    logged({ status_code: 404, error: "model 'x' not found" }) + logged({ error: 'API error: no model' });
  expect(exitOutcome(asked, 1, stderr)).toMatchObject({ failure: { code: 'model.unknown' } });
});

test('the last error is quoted, and before plain text', () => {
  const stderr = `${logged({ error: 'the first' })}${logged({ message: 'the last' })}ERROR: in plain words\n`;
  expect(messageOf(exitOutcome(asked, 1, stderr))).toBe('gemini-repo-cli ended with code 1: the last.');
});

test('of a program that breaks before it can log, the last line is quoted', () => {
  const stderr = 'Traceback:\n  File "/usr/lib/x.py"\nImportError: no name ollama (/usr/lib/x.py)\n\n';
  expect(messageOf(exitOutcome(asked, 1, stderr))).toBe(
    'gemini-repo-cli ended with code 1: ImportError: no name ollama (x.py).',
  );
});

test('arguments that it does not know are a matter of its version', () => {
  const stderr = 'usage: x\ngemini-repo-cli: error: unrecognized arguments: --provider=ollama\n';
  const message = messageOf(exitOutcome(asked, 2, stderr));
  expect(message).toContain('unrecognized arguments: --provider=ollama');
  expect(message).toContain('Is it a version that knows --provider ollama?');
});

test.each([
  ['nothing at all', ''],
  ['records that are no errors', logged({ error: 'harmless', status_code: 500 }, 'INFO')],
  ['half a record', logged({ error: 'half' }).slice(0, 70)],
  ['an empty record', '{}\n'],
  ['numbers that are no status', logged({ error: ' ', status_code: -1 })],
])('of %s nothing is told but the code', (_what, stderr) => {
  expect(messageOf(exitOutcome(asked, 1, stderr))).toBe('gemini-repo-cli ended with code 1.');
});

test('no message repeats the prompt, tells a path of this machine or is long', () => {
  const errors = [`cannot do: ${asked.prompt}`, 'cannot open /home/me/.secret/file', 'x'.repeat(10_000)];
  for (const error of errors) {
    for (const status_code of [undefined, 400, 500]) {
      for (const stderr of [logged({ error, status_code }), `${error}\n`]) {
        const message = messageOf(exitOutcome(asked, status_code === 400 ? 2 : 1, stderr));
        expect(message).not.toMatch(/heron|\/home/);
        expect(message.length).toBeLessThan(400);
      }
    }
  }
});
