// Scripts for simulated worlds, drawn and shrunk by fast-check: commands with a model, over the real runtime. What is
// left of a failing one is short, and reads as what somebody did.
import fc from 'fast-check';

/** Tasks of a script: as many as anybody can follow. */
const names = ['a', 'b', 'c', 'd', 'e', 'f'];

/** One step. The model knows which tasks were asked for; nobody cancels what nobody asked for. */
class Take {
  constructor(step, lineOf) {
    /** @type {any} */
    this.step = step;
    /** @type {(step: any) => string} */
    this.lineOf = lineOf;
  }

  check(model) {
    const { task } = this.step;
    if (task === undefined) return true;
    return model.tasks.has(task) !== (this.step.do === 'delegate');
  }

  async run(model, world) {
    if (this.step.do === 'delegate') model.tasks.add(this.step.task);
    model.steps.push(this.step);
    await world.take(this.step);
    if (world.violations.length > 0) throw new Error(world.violations[0].what);
  }

  toString() {
    return this.lineOf(this.step);
  }
}

/**
 * All that may happen in a world of this configuration, as commands of fast-check.
 *
 * @param {{ config: import('../src/config/settings.ts').Config, lineOf: (step: any) => string }} world
 */
export function scriptCommands({ config, lineOf }) {
  const task = fc.constantFrom(...names);
  const worker = fc.constantFrom(...config.workers.map(({ workerId }) => workerId));
  const priority = fc.integer({ min: 1, max: 10 });
  const of = (what) => fc.record(what).map((step) => new Take(step, lineOf));
  const only = fc.constant;
  return [
    of({ do: only('delegate'), task, priority, taskType: fc.constantFrom('general', 'translation') }),
    of({ do: only('advance'), seconds: fc.constantFrom(1, 10, 30, 100, 300) }),
    of({ do: fc.constantFrom('cancel', 'again'), task }),
    of({ do: only('move'), task, priority }),
    of({ do: only('fail'), task, how: fc.constantFrom('error', 'busy', 'reset', 'cut', 'hang', 'throws') }),
    of({ do: only('kill'), where: fc.constantFrom('now', 'before', 'within', 'after') }),
    of({ do: only('restart') }),
    of({ do: only('order'), act: fc.constantFrom('pause', 'resume'), worker: only('') }),
    of({
      do: only('order'),
      act: fc.constantFrom('worker.drain', 'worker.rest', 'worker.resume', 'breaker.close'),
      worker,
    }),
    of({ do: only('reload'), edit: fc.integer({ min: 0, max: 5 }) }),
    of({ do: only('strike'), worker, how: fc.constantFrom('mend', 'crash', 'cut', 'overload') }),
    of({ do: only('lose'), worker, beats: fc.constantFrom(1, 3, 8) }),
    of({
      do: only('disk'),
      how: fc.constantFrom('busy', 'full', 'broken'),
      seconds: fc.constantFrom(1, 10, 60),
    }),
    of({ do: only('jump'), seconds: fc.constantFrom(-600, 600) }),
    of({ do: only('sleep'), seconds: fc.constantFrom(5, 60, 200) }),
  ];
}

/**
 * Scripts until one breaks something, and that one as short as it goes. Time is shared between finding and shrinking.
 *
 * @param {{ seed: number, runsMax: number, config: import('../src/config/settings.ts').Config,
 *   open: (seed: number) => any, lineOf: (step: any) => string }} wanted
 */
export async function shrunkScript({ seed, runsMax, config, open, lineOf }) {
  /** Of the last world that failed: fast-check ends with the shortest. */
  let failed = { steps: [], invariant: '', what: '' };
  const property = fc.asyncProperty(
    fc.commands(scriptCommands({ config, lineOf }), { maxCommands: 40 }),
    async (commands) => {
      const world = open(seed);
      const model = { tasks: new Set(), steps: [] };
      try {
        await fc.asyncModelRun(() => ({ model, real: world }), commands);
        await world.end();
      } catch (error) {
        // What was broken is asked of the world, below; one that cannot go on is broken, too.
        if (world.violations.length === 0) {
          failed = { steps: model.steps.map(lineOf), invariant: 'the world goes on', what: String(error) };
          throw error;
        }
      } finally {
        world.close();
      }
      const [violation] = world.violations;
      if (violation === undefined) return;
      failed = { steps: model.steps.map(lineOf), invariant: violation.invariant, what: violation.what };
      throw new Error(violation.what);
    },
  );
  const checked = await fc.check(property, { seed, numRuns: runsMax, interruptAfterTimeLimit: 240_000 });
  const tried = checked.numRuns + checked.numShrinks;
  return checked.failed ? { seed, tried, ...failed } : { seed, tried, steps: null };
}
