import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { freshEnvironment, freshFolder, startServer } from './command.ts';
import { koubouHere, recordedTerminal } from './recorded-terminal.ts';

const taskId = 'task_20261122_101500_123456_0123456789abc';

/** A desktop whose browser writes down what it is to show. */
function desktop(env: Readonly<Record<string, string>>) {
  const folder = freshFolder();
  const shown = join(folder, 'shown');
  const browser = join(folder, 'xdg-open');
  writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > '${shown}.new' && mv '${shown}.new' '${shown}'\n`);
  chmodSync(browser, 0o755);
  return { shown, env: { ...env, PATH: `${folder}:${env['PATH']}`, DISPLAY: ':7' } };
}

describe('koubou viz', () => {
  test('prints where the charts of the server that runs are, of one actor, and of a moment of its past', async () => {
    const env = freshEnvironment();
    await startServer(env);
    const note = join(env['KOUBOU_HOME'] ?? '', 'run/koubou.json');
    const { dashboard } = JSON.parse(readFileSync(note, 'utf8')).urls;
    const { exitCode, stdout, stderr } = await koubouHere(['viz'], env);
    expect([exitCode, stdout, stderr]).toEqual([0, `${dashboard}/#/actors\n`, '']);
    expect((await koubouHere(['viz', taskId, '--seq', '57'], env)).stdout).toBe(
      `${dashboard}/#/actors/${taskId}?seq=57\n`,
    );
    const endpoint = await koubouHere(['viz', 'endpoint:http://localhost:11434', '--json'], env);
    expect(JSON.parse(endpoint.stdout)).toEqual({
      url: `${dashboard}/#/actors/endpoint%3Ahttp%3A%2F%2Flocalhost%3A11434`,
    });
    expect((await fetch(`${dashboard}/`)).status).toBe(200);
  });

  test('goes to the server that KOUBOU_URL names', async () => {
    const env = freshEnvironment({ KOUBOU_URL: 'http://workshop:8765', KOUBOU_DASHBOARD_PORT: '8123' });
    expect((await koubouHere(['viz', 'pool'], env)).stdout).toBe('http://workshop:8123/#/actors/pool\n');
  });

  test.skipIf(process.platform === 'darwin' || process.platform === 'win32')(
    'shows it where there is a desktop and somebody in front of it',
    async () => {
      const { shown, env } = desktop(freshEnvironment({ KOUBOU_URL: 'http://workshop:8765' }));
      const look = (args: readonly string[], columns?: number) =>
        koubouHere(['viz', ...args], env, { terminal: recordedTerminal(columns) });
      await look([]);
      await look(['--no-open'], 80);
      await look(['--json'], 80);
      expect(existsSync(shown)).toBe(false);
      const { stdout } = await look(['pool'], 80);
      await until(() => expect(existsSync(shown)).toBe(true));
      expect(`${readFileSync(shown, 'utf8')}\n`).toBe(stdout);
    },
  );

  test('says what an actor is called, and that no server runs', async () => {
    const env = freshEnvironment();
    const wrong = await koubouHere(['viz', 'nobody'], env);
    expect([wrong.exitCode, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain('worker:ID');
    expect((await koubouHere(['viz', '--seq', '5'], env)).exitCode).toBe(2);
    const alone = await koubouHere(['viz', 'pool'], { ...env, LANG: 'ja_JP.UTF-8' });
    expect([alone.exitCode, alone.stdout]).toEqual([1, '']);
    expect(alone.stderr).toContain('サーバーがありません');
  });
});
