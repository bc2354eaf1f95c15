import { failed, noUsage, type Outcome, retry } from '../machines/outcome.ts';
import type { FaultMix } from './fault-mix.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { FaultName } from './world-events.ts';

/** How one attempt at a virtual server will go. */
export interface AttemptPlan {
  /** `undefined`: it goes well. */
  readonly fault: FaultName | undefined;
  /** It does not hear that it shall stop, and reports so many ms later; 0 hears. */
  readonly deafMs: number;
  /** It takes so many times as long. */
  readonly stretch: number;
  /** How much there is to do, 1 for an average task. */
  readonly size: number;
}

/** The largest task there is: such a one takes a slow worker as long as it may take. */
export const sizeMax = 2.4;

const faults = [
  ['error', 'attempt.error'],
  ['busy', 'attempt.busy'],
  ['reset', 'attempt.reset'],
  ['cut', 'attempt.cut'],
  ['empty', 'attempt.empty'],
  ['garbage', 'attempt.garbage'],
  ['hang', 'attempt.hang'],
  ['oversize', 'attempt.oversize'],
  ['throws', 'attempt.throws'],
  ['slow', 'attempt.slow'],
] as const satisfies readonly (readonly [keyof FaultMix, FaultName])[];

/**
 * Draws how an attempt goes: the first fault that is drawn, by the name of the attempt; the size of a task, by its
 * prompt. The name must not change when another task is left out of the world.
 */
export function planAttempt(
  random: SeededRandom,
  mix: FaultMix,
  attempt: string,
  prompt: string,
): AttemptPlan {
  const fault = faults.find(([rate, name]) => random.chance(mix[rate], name, attempt))?.[1];
  const isDeaf = random.chance(mix.late, 'attempt.late', attempt);
  return {
    fault,
    deafMs: isDeaf ? random.between(200, 20_000, 'deaf', attempt) : 0,
    stretch: fault === 'attempt.slow' ? random.between(5, 20, 'slow', attempt) : 1,
    // Most are small, some are large; the mean is about 1.
    size: Math.min(sizeMax, 0.4 + random.exponential(0.6, 'size', prompt)),
  };
}

/** How far into its time an attempt goes before its fault shows. */
export function shareOf(fault: FaultName | undefined): number {
  switch (fault) {
    case 'attempt.busy':
    case 'attempt.reset':
    case 'attempt.throws':
    case 'attempt.model_missing':
      return 0;
    case 'attempt.error':
    case 'attempt.garbage':
      return 0.2;
    case 'attempt.cut':
      return 0.6;
    default:
      return 1;
  }
}

/** What the backend of a server says at the end of an attempt; `undefined` where it says nothing, ever. */
export function outcomeOf(
  fault: FaultName | undefined,
  model: string,
  output: string,
  retryAfterMs: number,
): Outcome | undefined {
  switch (fault) {
    case 'attempt.error':
      return retry('backend.error', 'the server answered 500');
    case 'attempt.busy':
      return retry('backend.busy', 'the server answered 503', retryAfterMs);
    case 'attempt.reset':
      return retry('backend.unreachable', 'the connection was reset');
    case 'attempt.cut':
      return retry('backend.cut', 'the stream ended before its last chunk');
    case 'attempt.empty':
      return retry('backend.empty', 'the answer was empty');
    case 'attempt.garbage':
      return retry('backend.garbage', 'a line was no JSON');
    case 'attempt.oversize':
      return failed('execution.too_large', 'the answer is larger than 16 MiB');
    case 'attempt.model_missing':
      return failed('model.unknown', `the server does not have ${model}`);
    case 'attempt.hang':
      return undefined;
    default:
      return { kind: 'succeeded', output, usage: { ...noUsage, model, outputTokens: output.length } };
  }
}
