import fc from 'fast-check';
import { expect, test } from 'vitest';
// biome-ignore lint/correctness/useImportExtensions: its declarations stand beside it
import { scriptCommands, shrunkScript } from '../../scripts/script-commands.mjs';
import { lineOf, type Step, scriptOf, stepsOf } from '../../src/simulation/script-steps.ts';
import { runScript, ScriptedWorld } from '../../src/simulation/scripted-world.ts';
import type { Sabotage } from '../../src/simulation/virtual-site.ts';
import { simulatedConfig } from '../support/simulated-config.ts';
import { brokenIn } from '../support/small-world.ts';

const config = simulatedConfig();

test('whatever clients, operators and the weather do, in whatever order, all that must hold holds', async () => {
  const found = await shrunkScript({
    seed: 1,
    runsMax: 4,
    config,
    lineOf,
    open: (seed) => new ScriptedWorld({ seed, config }),
  });
  const replay = `koubou simulate --seed ${found.seed} --script "${found.steps?.join('; ')}"`;
  expect(found.steps, `${found.invariant}: ${found.what}\n${replay}`).toBeNull();
});

test('every step reads as it is written', () => {
  const steps = fc.commands(scriptCommands({ config, lineOf }), { maxCommands: 20 });
  fc.assert(
    fc.property(steps, (commands) => {
      for (const command of commands)
        expect(lineOf(stepsOf(String(command))[0] as Step)).toBe(String(command));
    }),
    { numRuns: 20 },
  );
  expect(stepsOf('# a remark\n delegate a general 5\n\nkill; advance 30')).toEqual([
    { do: 'delegate', task: 'a', taskType: 'general', priority: 5 },
    { do: 'kill', where: 'now' },
    { do: 'advance', seconds: 30 },
  ]);
});

test.each([
  'delegate a',
  'delegate a general 11',
  'kill softly',
  'fail a sometimes',
  'advance soon',
  'dance',
])('"%s" is no step, and that is said', (line) => {
  expect(() => stepsOf(`pause; ${line}`)).toThrow(`"${line}" is no step of a script`);
});

test('a script does what it says, and the same each time', async () => {
  const script = 'delegate a general 9; advance 1; kill after; delegate b general 9; advance 60; cancel a';
  const run = () => runScript({ seed: 1, config, keepsTrace: true }, stepsOf(script));
  const { report, trace, verdict } = await run();
  expect(verdict.violations).toEqual([]);
  expect(report.faults).toMatchObject({ 'commit.killed_after': 1 });
  expect(report.processes).toBe(2);
  expect(trace.lines.join('\n')).toContain('client.unanswered call=delegate');
  expect((await run()).trace.digest).toBe(trace.digest);
});

/** A backend that generates on when it is told to stop. */
const deaf: Sabotage = {
  backend: (real) => (job, io) => real(job, { ...io, signal: new AbortController().signal }),
};

test('a seeded bug is shrunk to a script of a few steps, which finds it again', async () => {
  const found = await shrunkScript({
    seed: 3,
    runsMax: 40,
    config,
    lineOf,
    open: (seed) => new ScriptedWorld({ seed, config, sabotage: deaf }),
  });
  const steps = found.steps ?? [];
  expect(steps.length).toBeGreaterThan(1);
  expect(steps.length).toBeLessThanOrEqual(10);
  const script = scriptOf(stepsOf(steps.join('\n')));
  const again = await runScript({ seed: found.seed, config, sabotage: deaf }, stepsOf(script));
  expect(brokenIn(again)).toContain(found.invariant);
  const sound = await runScript({ seed: found.seed, config }, stepsOf(script));
  expect(brokenIn(sound)).toEqual([]);
});
