import { expect, test } from 'vitest';
import { messagesFor } from '../../src/cli/messages.ts';
import { actsOf, runShrink } from '../../src/cli/simulate-shrink.ts';
import { ChosenActs } from '../../src/simulation/acts.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { forgetful } from '../support/sabotaged-store.ts';
import { brokenIn, smallWorld } from '../support/small-world.ts';
import { recordedTerminal } from './recorded-terminal.ts';

const broken = smallWorld({ faults: { killsPerHour: 25, error: 0.1 }, sabotage: forgetful });
const asked = ['--hours', '0.5', '--faults', 'swarm'];

test('what broke, the acts that are enough for it, and a command that breaks it again', async () => {
  const terminal = recordedTerminal();
  const cli = { env: {}, cwd: '/', terminal, messages: messagesFor({}) };
  expect(await runShrink(cli, broken, asked, false)).toBe(1);
  const told = terminal.out.join('');
  expect(told).toMatch(/^1\.2 min {2}recovery takes back every lease: a task was handed out/);
  expect(told).toMatch(/^\d of \d+ acts are enough for it \(\d+ worlds tried\):\n( {2}\w.*\n)+$/m);
  const [, named] =
    /^koubou simulate --seed 1 --hours 0\.5 --faults swarm --acts "(.*)" --trace$/m.exec(told) ?? [];
  const acts = new ChosenActs(actsOf(named ?? ''));
  expect(brokenIn(await simulate({ ...broken, acts }))).toContain('recovery takes back every lease');
});

test('the same for a program', async () => {
  const terminal = recordedTerminal();
  const cli = { env: {}, cwd: '/', terminal, messages: messagesFor({ LANG: 'ja_JP.UTF-8' }) };
  expect(await runShrink(cli, broken, asked, true)).toBe(1);
  expect(JSON.parse(terminal.out.join(''))).toMatchObject({
    seed: 1,
    violation: { invariant: 'recovery takes back every lease' },
    acts: expect.arrayContaining([expect.stringMatching(/^killsPerHour \d+$/)]),
    replay: expect.stringContaining('--acts "task '),
  });
});
