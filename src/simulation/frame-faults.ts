import type { Clock } from '../actors/clock.ts';
import { wireOutcomeOf } from '../actors/wire-values.ts';
import { linkLimits } from '../machines/link-limits.ts';
import { noUsage } from '../machines/outcome.ts';
import type { NetworkFaultName } from './link-events.ts';
import type { NetworkFaults } from './network-faults.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A frame of the worker, as far as faults need to know it. */
export type SentFrame =
  | { readonly type: 'beat'; readonly fault: string | null }
  | { readonly type: 'settled'; readonly assignment_id: number; readonly task_id: string }
  | { readonly type: 'hello' | 'text' | 'goodbye' | 'error' };

export interface FrameFaultPorts {
  readonly random: SeededRandom;
  readonly mix: () => NetworkFaults;
  readonly clock: Clock;
  /** The version of the protocol that is spoken instead of the right one. */
  readonly protocol: number | null;
  readonly name: string;
  /** Leases of others: what a forger would try. */
  readonly others: () => readonly { readonly assignmentId: number; readonly taskId: string }[];
  readonly fault: (name: NetworkFaultName, detail: string) => void;
  /** `bytes`: what the frame counts for. */
  readonly send: (text: string, bytes: number) => void;
}

/** What somebody says who was asked nothing; a task that ends with it is a violation. */
const forgedOutput = 'forged';

/**
 * One connection of a worker whose program has bugs: beats that are left out, doubled, late or in the wrong order, text
 * that is left out, results that are doubled, late, forged, or in frames that are none.
 */
export class FrameFaults {
  readonly #ports: FrameFaultPorts;
  /** A beat that waits for the one after it. */
  #heldBack: string | undefined;
  #frames = 0;

  constructor(ports: FrameFaultPorts) {
    this.#ports = ports;
  }

  /** Sends what the worker sends, or what its bugs make of it. */
  send(text: string): void {
    const frame = JSON.parse(text) as SentFrame;
    this.#frames += 1;
    if (frame.type === 'beat') this.#beat(text);
    else if (frame.type === 'settled') this.#settled(text, frame);
    else if (frame.type !== 'text' || !this.#fires('textDropped', 'text.dropped'))
      this.#pass(this.#inVersion(text, frame));
  }

  /** How often the worker takes in a frame of the pool. */
  timesTaken(text: string): 0 | 1 | 2 {
    const { type } = JSON.parse(text) as { readonly type: string };
    this.#frames += 1;
    if (type === 'run' && this.#fires('runLost', 'run.lost')) return 0;
    if (type === 'stop' && this.#fires('stopLost', 'stop.lost')) return 0;
    return type === 'run' && this.#fires('runDoubled', 'run.doubled') ? 2 : 1;
  }

  #inVersion(text: string, { type }: SentFrame): string {
    const { protocol } = this.#ports;
    return type === 'hello' && protocol !== null ? JSON.stringify({ ...JSON.parse(text), protocol }) : text;
  }

  #beat(text: string): void {
    if (this.#fires('beatDropped', 'beat.dropped')) return;
    if (this.#heldBack === undefined && this.#fires('beatReordered', 'beat.reordered')) {
      this.#heldBack = text;
      return;
    }
    if (this.#fires('beatLate', 'beat.late')) this.#later(text, 500, 20_000);
    else this.#pass(text);
    if (this.#fires('beatDoubled', 'beat.doubled')) this.#pass(text);
    if (this.#heldBack !== undefined) this.#pass(this.#heldBack);
    this.#heldBack = undefined;
  }

  #settled(text: string, own: SentFrame & { readonly type: 'settled' }): void {
    if (this.#fires('frameMalformed', 'frame.malformed')) this.#pass(text.slice(0, -2));
    if (this.#fires('frameOversize', 'frame.oversize')) {
      this.#ports.send(text, linkLimits.frameToPoolBytesMax + 1);
    }
    this.#lie(own);
    if (this.#fires('resultLate', 'result.late')) this.#later(text, 1_000, 120_000);
    else this.#pass(text);
    if (this.#fires('resultDoubled', 'result.doubled')) this.#pass(text);
  }

  #lie({ assignment_id, task_id }: SentFrame & { readonly type: 'settled' }): void {
    const { random, others, mix } = this.#ports;
    const { resultForged, resultMisnamed } = mix();
    if (resultForged + resultMisnamed === 0) return;
    const strange = others().filter(({ taskId }) => taskId !== task_id);
    if (strange.length === 0) return;
    const other = random.pick(strange, 'forged', this.#key);
    if (this.#fires('resultForged', 'result.forged')) this.#pass(forged(other.assignmentId, other.taskId));
    if (this.#fires('resultMisnamed', 'result.misnamed')) this.#pass(forged(assignment_id, other.taskId));
  }

  get #key(): string {
    return `${this.#ports.name} ${this.#frames}`;
  }

  #fires(rate: keyof NetworkFaults, name: NetworkFaultName): boolean {
    const { random, mix, fault } = this.#ports;
    if (!random.chance(mix()[rate], name, this.#key)) return false;
    fault(name, this.#ports.name);
    return true;
  }

  #later(text: string, minMs: number, maxMs: number): void {
    const { random, clock } = this.#ports;
    clock.setTimeout(() => this.#pass(text), random.between(minMs, maxMs, 'frame late', this.#key));
  }

  #pass(text: string): void {
    this.#ports.send(text, text.length);
  }
}

function forged(assignmentId: number, taskId: string): string {
  const outcome = wireOutcomeOf({ kind: 'succeeded', output: forgedOutput, usage: noUsage });
  return JSON.stringify({ type: 'settled', assignment_id: assignmentId, task_id: taskId, outcome });
}
