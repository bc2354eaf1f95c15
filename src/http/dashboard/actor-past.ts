import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { joined, recordedKind } from './actor-record.ts';
import type { RecordedFact, RecordedKind } from './actor-told.ts';
import { askLogs, Refusal } from './doors.ts';
import { liveState, onEvents } from './live-connection.ts';
import type { LiveEvent } from './live-event.ts';

const factsPerPage = 500;
/** What happened to an actor itself is rare: beyond so many facts nobody goes by hand, and the door has them all. */
const ownFactsMax = 10_000;
/** What it did for tasks since the page was opened; around an older moment it is read again. */
const liveFactsMax = 200;

/** The past of an actor that is no task, as far as it was read. */
export class Past {
  /** In the order of `seq`, each once. */
  readonly facts: ReadonlySignal<readonly RecordedFact[]>;
  /** The facts of the actor itself go back to the first one. */
  readonly isWhole: ReadonlySignal<boolean>;
  readonly canReadOlder: ReadonlySignal<boolean>;
  /** All that was asked for so far is there. */
  readonly isSettled: ReadonlySignal<boolean>;
  /** Why the record could not be read; empty where it could, or where there is none of this name. */
  readonly fault = signal('');
  readonly #actor: string;
  readonly #own = signal<readonly RecordedFact[]>([]);
  readonly #near = signal<readonly RecordedFact[]>([]);
  readonly #live = signal<readonly RecordedFact[]>([]);
  /** Where the next page begins; `null` behind the last, `undefined` before the first. */
  readonly #next = signal<number | null | undefined>(undefined);
  readonly #underWay = signal(0);
  #stop = new AbortController();
  /** So far back it is read without being asked. */
  #wanted = Number.POSITIVE_INFINITY;
  #around: { readonly seq: number | null } | null = null;

  constructor(actor: string) {
    this.#actor = actor;
    this.facts = computed(() => joined(this.#near.value, this.#live.value, this.#own.value));
    this.isWhole = computed(() => this.#next.value === null);
    this.canReadOlder = computed(
      () => typeof this.#next.value === 'number' && this.#own.value.length < ownFactsMax,
    );
    this.isSettled = computed(() => this.#underWay.value === 0);
  }

  /** Reads its newest facts, and hears what happens from now on. @returns ends it */
  begin(): () => void {
    this.#stop = new AbortController();
    const unhear = onEvents((events) => this.#hear(events));
    // A server that was away when it was asked is asked again when it is back.
    const unwatch = liveState.subscribe((state) => {
      if (state !== 'live' || this.fault.peek() === '') return;
      if (this.#next.peek() === undefined) void this.readOlder();
      void this.readAround(this.#around?.seq ?? null);
    });
    void this.readOlder();
    return () => {
      this.#stop.abort();
      unhear();
      unwatch();
    };
  }

  /** Reads further back. */
  async readOlder(): Promise<void> {
    const before = this.#next.peek();
    if (before === null || this.#own.peek().length >= ownFactsMax) return;
    await this.#ask('/api/facts', { limit: factsPerPage, until: before }, ({ facts, next }) => {
      this.#own.value = joined(facts, this.#own.peek());
      this.#next.value = next ?? null;
    });
    if (this.#next.peek() !== before && this.#wanted < this.#oldest) await this.readOlder();
  }

  /** Reads so far back that this moment is there, if it is on record. */
  readUntil(seq: number): void {
    this.#wanted = seq;
    if (this.#next.peek() !== undefined && seq < this.#oldest) void this.readOlder();
  }

  /** Reads what concerned the actor around a moment, what it did for tasks included; `null` for the end of the record. */
  async readAround(seq: number | null): Promise<void> {
    const asked = { seq };
    this.#around = asked;
    await this.#ask('/api/facts/around', asked, ({ facts }) => {
      if (this.#around === asked) this.#near.value = facts;
    });
  }

  get #oldest(): number {
    return this.#own.peek()[0]?.seq ?? 0;
  }

  #hear(events: readonly LiveEvent[]): void {
    const concerned = factsOf(this.#actor, events);
    if (concerned.length === 0) return;
    const own = this.#own.peek();
    const isOwn = ({ task_id }: RecordedFact) => task_id === null;
    // One that has left is not there when the pool starts again.
    const hasLeft = own.at(-1)?.type === 'worker.retired';
    const ofItself = concerned.filter((fact) => isOwn(fact) && !(hasLeft && isLifeOfPool(fact.type)));
    const forTasks = concerned.filter((fact) => !isOwn(fact));
    this.#own.value = joined(own, ofItself);
    this.#live.value = [...this.#live.peek(), ...forTasks].slice(-liveFactsMax);
  }

  async #ask(path: string, query: Query, take: (page: Page) => void): Promise<void> {
    const { signal: stopped } = this.#stop;
    const search = new URLSearchParams({ actor: this.#actor });
    for (const [name, value] of Object.entries(query)) {
      if (typeof value === 'number') search.set(name, String(value));
    }
    this.#underWay.value += 1;
    try {
      const page = await askLogs<Page>(`${path}?${search}`, stopped);
      this.fault.value = '';
      if (!stopped.aborted) take(page);
    } catch (error) {
      // That there is none of this name is said by the one who looks for the actor itself.
      const isUnknown = error instanceof Refusal && [400, 404].includes(error.status);
      if (!stopped.aborted && !isUnknown) this.fault.value = String((error as Error).message);
    } finally {
      this.#underWay.value -= 1;
    }
  }
}

type Query = Readonly<Record<string, number | null | undefined>>;

interface Page {
  readonly facts: readonly RecordedFact[];
  /** Of a page; what is around a moment has none. */
  readonly next?: number | null;
}

/** What the live channels tell of an actor. */
function factsOf(actor: string, events: readonly LiveEvent[]): readonly RecordedFact[] {
  const kind = recordedKind(actor);
  const name = actor.slice(actor.indexOf(':') + 1);
  return events.filter((event) => kind !== null && isConcerned(kind, name, event)).map(factOf);
}

/** What tasks have to do with the pool and with a server is read around a moment: it would be all that happens. */
function isConcerned(kind: RecordedKind, name: string, { type, worker_id, details }: LiveEvent): boolean {
  const happened = String(details.event);
  const isOfOther = details['worker_id'] !== undefined || details['endpoint'] !== undefined;
  switch (kind) {
    case 'worker':
      return isLifeOfPool(happened) || (type === 'worker_update' && worker_id === name);
    case 'endpoint':
      return isLifeOfPool(happened) || (type === 'system_event' && details['endpoint'] === name);
    case 'pool':
      return type === 'system_event' && !isOfOther;
  }
}

/** Workers and breakers begin and end with the pool. */
function isLifeOfPool(type: string): boolean {
  return type === 'pool.started' || type === 'pool.stopped';
}

function factOf({ seq, timestamp: at, details }: LiveEvent): RecordedFact {
  const { event: type = '', from, to, task_id, ...data } = details;
  const ofTask = type.startsWith('task.') && typeof task_id === 'string';
  return {
    seq,
    type,
    at,
    task_id: ofTask ? task_id : null,
    from: textOrNull(from),
    to: textOrNull(to),
    data: ofTask || task_id === undefined ? data : { ...data, task_id },
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
