import type { Config } from '../config/settings.ts';
import type { Runtime } from '../runtime.ts';
import type { World } from './world.ts';
import type { OperatorAct } from './world-events.ts';

const acts: readonly OperatorAct[] = [
  'pause',
  'resume',
  'worker.drain',
  'worker.rest',
  'worker.resume',
  'worker.resume',
  'breaker.close',
  'reload',
  'reload',
  'retention',
];

/** What was completed longer ago is deleted: short, so that there is something to delete. */
const retentionMs = 120_000;

/** People who run the pool: they pause it, send workers home, change the files, and put it all right again. */
export class VirtualOperators {
  readonly #world: World;
  readonly #original: Config;
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
    this.#original = world.files;
  }

  begin(n = 0): void {
    const { mix, random, clock } = this.#world;
    if (mix.operatorsPerHour <= 0) return;
    clock.setTimeout(
      () => {
        if (this.#isOver) return;
        if (random.comes('operator', n)) this.#act(n);
        this.begin(n + 1);
      },
      random.exponential(3_600_000 / mix.operatorsPerHour, 'operator', n),
    );
  }

  /** All is put right, as often as it takes: a process may have to come back first. */
  mend(): void {
    this.#isOver = true;
    this.#world.files = this.#original;
    // A process may begin with them before anybody has told one to read them.
    this.#world.emit({ type: 'operator', act: 'reload', detail: 'mended', config: this.#original });
    // Behind all that was asked of a process that stood still.
    const { process, time, clock } = this.#world;
    const asleepMs = Math.max(0, process.owner.asleepUntilMs - time.elapsedMs);
    clock.setTimeout(() => this.#mendNow(), asleepMs + 1);
    this.#world.listen(({ type }) => {
      if (type === 'process.opened') this.#mendNow();
    });
  }

  #mendNow(): void {
    this.#do('reload', '');
    this.#do('resume', '');
    for (const { workerId } of this.#original.workers) {
      this.#do('worker.resume', workerId);
      this.#do('breaker.close', workerId);
    }
  }

  #act(n: number): void {
    const { random } = this.#world;
    const act = random.pick(acts, 'act', n);
    const worker = random.pick(this.#original.workers, 'of', n).workerId;
    if (act === 'reload') {
      const edits = editsOf(this.#original);
      this.#world.files = random.pick(edits, 'edit', n);
    }
    this.#do(act, act.startsWith('worker') || act === 'breaker.close' ? worker : '');
    // Nobody leaves a pool paused for long.
    if (act === 'pause') this.#world.clock.setTimeout(() => this.#do('resume', ''), 120_000);
    if (act === 'worker.drain' || act === 'worker.rest')
      this.#world.clock.setTimeout(() => this.#do('worker.resume', worker), 900_000);
  }

  /** Does as a script says; `worker` is empty where none is meant. */
  order(act: OperatorAct, worker: string): void {
    this.#do(act, worker);
  }

  /** Changes the files, and has them read. */
  edit(n: number): void {
    const edits = editsOf(this.#original);
    this.#world.files = edits[n % edits.length] ?? this.#original;
    this.#do('reload', '');
  }

  #do(act: OperatorAct, detail: string): void {
    const { process, emit, files } = this.#world;
    // Files change whether or not anybody reads them now.
    if (act !== 'reload' && !process.isOpen) return;
    emit({ type: 'operator', act, detail, config: act === 'reload' ? files : null });
    if (!process.isOpen) return;
    // Refused where it makes no sense at this moment, and lost where the process dies: the next one sees what is.
    process.call((runtime) => ask(runtime, act, detail)).catch(() => undefined);
  }
}

/** What the files may say after somebody has changed them. */
function editsOf(original: Config): readonly Config[] {
  const { routing, workers } = original;
  const [first] = workers;
  return [
    original,
    { ...original, routing: { ...routing, agingMs: Math.round(routing.agingMs / 2) } },
    { ...original, routing: { ...routing, bypassesMax: 0 } },
    {
      ...original,
      workers: workers.map((each) => ({ ...each, maxConcurrentTasks: each.maxConcurrentTasks + 1 })),
    },
    { ...original, workers: workers.map((each) => ({ ...each, maxConcurrentTasks: 1 })) },
    workers.length > 1 && first !== undefined
      ? { ...original, workers: [first, ...workers.slice(2)] }
      : original,
  ];
}

async function ask(runtime: Runtime, act: OperatorAct, worker: string): Promise<unknown> {
  switch (act) {
    case 'pause':
      return runtime.pause();
    case 'resume':
      return runtime.resume();
    case 'worker.drain':
      return runtime.order(worker, 'drain', 'simulation');
    case 'worker.rest':
      return runtime.order(worker, 'rest', 'simulation');
    case 'worker.resume':
      return runtime.order(worker, 'resume', 'simulation');
    case 'breaker.close':
      return runtime.closeBreaker(worker);
    case 'reload':
      return runtime.reload();
    case 'retention':
      return runtime.housekeeping.forgetCompleted(runtime.clock.now() - retentionMs);
  }
}
