import { expect, test } from 'vitest';
import { english } from '../../src/cli/messages-en.ts';
import { reloaderOf } from '../../src/cli/signal-reload.ts';
import { watchSignals } from '../../src/cli/signals.ts';
import { KoubouError } from '../../src/machines/errors.ts';
import type { ReloadReport } from '../../src/runtime/operation.ts';
import { onDisposal } from '../support/disposal.ts';
import { recordedTerminal } from './recorded-terminal.ts';

function watching(...meaning: Parameters<typeof watchSignals>) {
  const signals = watchSignals(...meaning);
  onDisposal(() => signals.stop());
  return signals;
}

test('SIGHUP asks to stop where nothing is to be reloaded', async () => {
  const signals = watching();
  process.emit('SIGHUP');
  expect(await signals.first).toBe('SIGHUP');
});

test('SIGHUP asks for a reload, also before anybody listens, and never to stop', async () => {
  const signals = watching({ hangup: 'reload' });
  const heard: string[] = [];
  process.emit('SIGHUP');
  signals.onReload(() => void heard.push('reload'));
  process.emit('SIGHUP');
  signals.onFurther(() => void heard.push('further'));
  process.emit('SIGTERM');
  expect(await signals.first).toBe('SIGTERM');
  expect(heard).toEqual(['reload', 'reload']);
  process.emit('SIGINT');
  expect(heard).toEqual(['reload', 'reload', 'further']);
});

/** A runtime whose reloads end when the test says so. */
function setup() {
  const terminal = recordedTerminal();
  const pending: { resolve: (report: ReloadReport) => void; reject: (error: Error) => void }[] = [];
  const logged: [level: string, details: object, message: string][] = [];
  const log = {
    info: (details: object, message: string) => void logged.push(['info', details, message]),
    error: (details: object, message: string) => void logged.push(['error', details, message]),
  } as unknown as Parameters<typeof reloaderOf>[1];
  const runtime = {
    reload: () => new Promise<ReloadReport>((resolve, reject) => void pending.push({ resolve, reject })),
  };
  const reload = reloaderOf({ env: {}, cwd: '/', terminal, messages: english }, log, runtime);
  return { reload, pending, logged, terminal };
}

test('a second SIGHUP while a reload is under way waits its turn, and a refusal does not end them', async () => {
  const { reload, pending, logged, terminal } = setup();
  const [first, second] = [reload(), reload()];
  await Promise.resolve();
  expect(pending).toHaveLength(1);
  pending[0]?.reject(
    new KoubouError('reload.refused', 'workers.yaml:1:1 x: unknown key\nNothing was changed.'),
  );
  await first;
  await Promise.resolve();
  expect(pending).toHaveLength(2);
  pending[1]?.resolve({ version: 2, changes: ['a: 1 → 2'], needs_restart: ['ports.rest: 1 → 2'] });
  await second;
  expect(logged.map(([level]) => level)).toEqual(['error', 'info']);
  expect(logged[0]?.[1]).toEqual({
    code: 'reload.refused',
    problems: ['workers.yaml:1:1 x: unknown key', 'Nothing was changed.'],
  });
  expect(terminal.err.slice(1)).toEqual([
    '  a: 1 → 2',
    '  ports.rest: 1 → 2',
    english.operating.reloaded(2, 1),
    english.operating.needsRestart(1),
  ]);
});

test('a fault of ours in a reload is told, and does not end the server', async () => {
  const { reload, pending, logged, terminal } = setup();
  const done = reload();
  await Promise.resolve();
  pending[0]?.reject(new TypeError('a bug'));
  await done;
  expect(logged).toEqual([['error', { err: expect.any(TypeError) }, 'the reload failed']]);
  expect(terminal.err.join()).toContain('a bug');
});
