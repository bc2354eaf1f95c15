import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dial } from '../../src/actors/link-socket.ts';
import { assignmentId, type TaskId } from '../../src/machines/identifiers.ts';
import type { Outcome } from '../../src/machines/outcome.ts';
import { makeJob } from '../support/backend-jobs.ts';
import { endedFact, PoolSide, startWorker, typist, type WorkerSide } from '../support/joined-world.ts';
import { FakeSocket, LinkNetwork } from '../support/link-network.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

type Fault = 'cut' | 'kill the worker' | 'kill the pool';

/** From an outcome to the disk. */
const commitMs = 5;
const retryMs = 200;
const pieces = ['工房', 'の', ' 🛠️', 'x', 'yz', '\n', 'end'];

interface Ending {
  readonly outcome: Outcome;
  /** What those who followed the last attempt have read. */
  readonly text: string;
}

/** A pool that leases tasks until they end, and knows after a kill what was on its disk. */
class World {
  readonly clock = new VirtualClock();
  readonly network = new LinkNetwork(this.clock);
  /** On disk. */
  readonly endings: Ending[][] = [];
  #pool = new PoolSide(this.network);
  #worker = this.#startWorker(1);
  #workers = 1;
  #leases = 0;
  /** Counts the processes of the pool: what a dead one hears has no effect. */
  #life = 0;

  delegate(count: number): void {
    for (let task = 0; task < count; task += 1) {
      this.endings.push([]);
      this.#lease(task);
    }
  }

  strike(fault: Fault): void {
    switch (fault) {
      case 'cut':
        this.network.cut();
        return;
      case 'kill the worker':
        this.#worker.die();
        this.#workers += 1;
        this.#worker = this.#startWorker(this.#workers);
        return;
      case 'kill the pool':
        this.#life += 1;
        this.network.cut();
        this.#pool = new PoolSide(this.network);
        for (const [task, endings] of this.endings.entries()) {
          if (endings.length === 0) this.#lease(task);
        }
        return;
    }
  }

  close(): void {
    this.#worker.die();
    this.#pool.links.close();
  }

  #lease(task: number): void {
    const life = this.#life;
    this.#leases += 1;
    const job = makeJob({
      taskId: `task_20260101_000000_00000${task}_ab` as TaskId,
      assignmentId: assignmentId(this.#leases),
      fresh: false,
    });
    const attempt = this.#pool.run(job);
    const onOutcome = (outcome: Outcome) => {
      if (life !== this.#life) return;
      if (outcome.kind === 'succeeded') this.endings[task]?.push({ outcome, text: attempt.text });
      this.#pool.links.hear(endedFact(job));
      if (outcome.kind !== 'succeeded')
        this.clock.setTimeout(() => life === this.#life && this.#lease(task), retryMs);
    };
    void attempt.ended.then((outcome) => this.clock.setTimeout(() => onOutcome(outcome), commitMs));
  }

  #startWorker(n: number): WorkerSide & { readonly die: () => void } {
    let dial: Dial = this.network.dial;
    const ends: FakeSocket[] = [];
    const side = startWorker(this.network, {
      instance: `instance-${n}`,
      backend: typist(this.clock, pieces, 40),
      dial: (listener) => {
        const socket = dial(listener);
        if (socket instanceof FakeSocket) ends.push(socket);
        return socket;
      },
    });
    const die = () => {
      dial = () => new FakeSocket(this.network);
      for (const end of ends) {
        end.send = () => undefined; // Not even a last word.
        end.terminate();
      }
      side.client.kill();
    };
    return { ...side, die };
  }
}

test('whoever is killed or cut off and when, each task ends once, with the text that its followers have read', async () => {
  const fault = fc.record({
    afterMs: fc.integer({ min: 0, max: 900 }),
    what: fc.constantFrom<Fault>('cut', 'kill the worker', 'kill the pool'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 8 }), async (faults) => {
      const world = new World();
      await world.clock.advance(50);
      world.delegate(3);
      for (const { afterMs, what } of faults) {
        await world.clock.advance(afterMs);
        world.strike(what);
      }
      await world.clock.advance(120_000);
      const text = pieces.join('');
      expect(world.endings).toMatchObject(
        [1, 2, 3].map(() => [{ text, outcome: { kind: 'succeeded', output: text } }]),
      );
      world.close();
      await world.clock.advance(60_000);
      expect(world.clock.pending).toBe(0);
    }),
    { numRuns: 100 },
  );
}, 60_000);
