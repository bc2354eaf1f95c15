import type { Arbitrary, AsyncCommand } from 'fast-check';
import type { Config } from '../src/config/settings.ts';
import type { Step } from '../src/simulation/script-steps.ts';
import type { ScriptedWorld } from '../src/simulation/scripted-world.ts';

export interface ScriptModel {
  readonly tasks: Set<string>;
  readonly steps: Step[];
}

export function scriptCommands(world: {
  readonly config: Config;
  readonly lineOf: (step: Step) => string;
}): Arbitrary<AsyncCommand<ScriptModel, ScriptedWorld>>[];

export interface ShrunkScript {
  readonly seed: number;
  readonly tried: number;
  /** One line each; `null` where nothing was found. */
  readonly steps: readonly string[] | null;
  readonly invariant?: string;
  readonly what?: string;
}

export function shrunkScript(wanted: {
  readonly seed: number;
  readonly runsMax: number;
  readonly config: Config;
  readonly open: (seed: number) => ScriptedWorld;
  readonly lineOf: (step: Step) => string;
}): Promise<ShrunkScript>;
