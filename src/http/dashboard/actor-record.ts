import type { Moment } from './actor-history.ts';
import {
  hasCrashed,
  livenessLeaf,
  outerStates,
  type RecordedFact,
  type RecordedKind,
  type Regions,
  type Told,
  tell,
  untold,
} from './actor-told.ts';

/** What is known of an actor that is no task. */
export interface KnownRecord {
  /** In the order of `seq`, each once. */
  readonly facts: readonly RecordedFact[];
  /** What was seen live, in its order. */
  readonly seen: readonly Moment[];
  /** The states that it is in now; none without an actor, or where that is not known. */
  readonly now: readonly string[];
  /** The facts go back to the first one. */
  readonly isWhole: boolean;
}

/** The kind of an actor by its name; `null` for tasks, whose record comes by itself, and for what leaves none. */
export function recordedKind(actor: string): RecordedKind | null {
  if (actor === 'pool') return 'pool';
  const [prefix] = actor.split(':', 1);
  return prefix === 'worker' || prefix === 'endpoint' ? prefix : null;
}

/** Facts in their order, each once. */
export function joined(...those: readonly (readonly RecordedFact[])[]): readonly RecordedFact[] {
  const bySeq = new Map(those.flat().map((fact) => [fact.seq, fact]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

type Happening = { readonly fact: RecordedFact } | { readonly seen: Moment };

/** A happening, and how the actor stood behind it. */
interface Stand {
  readonly happening: Happening;
  told: Told;
}

/**
 * The life of an actor from its record, with what was seen live in its place. The states at a moment are told by the facts up to
 * it, or else by the next one that says what it was before; what neither tells is `untold`, and never guessed.
 */
export function momentsOf(kind: RecordedKind, known: KnownRecord): readonly Moment[] {
  const stands: Stand[] = [];
  const isPaused = known.isWhole && kind === 'pool' ? { isPaused: false } : {};
  let told: Told = { ...untold, context: isPaused };
  for (const happening of inOrder(known)) {
    told = 'fact' in happening ? tell(kind, told, happening.fact) : toldBySeen(kind, told, happening.seen);
    stands.push({ happening, told });
  }
  fillBackwards(kind, stands, regionsOf(kind, known.now));
  return stands.map(({ happening, told: stand }, at) =>
    'seen' in happening ? happening.seen : momentOf(happening.fact, stand, stands[at - 1]?.told),
  );
}

function inOrder({ facts, seen }: KnownRecord): readonly Happening[] {
  const all = [
    ...facts.map((fact) => ({ place: fact.seq, happening: { fact } })),
    ...seen.map((moment) => ({ place: moment.place, happening: { seen: moment } })),
  ];
  return all.sort((a, b) => a.place - b.place).map(({ happening }) => happening);
}

function toldBySeen(kind: RecordedKind, before: Told, { states }: Moment): Told {
  return { ...before, hasActor: true, regions: regionsOf(kind, states), event: null, isNewLife: false };
}

function regionsOf(kind: RecordedKind, states: readonly string[]): Regions {
  if (kind !== 'worker') return states.length === 0 ? {} : { '': states[0] ?? null };
  return Object.fromEntries(states.map((state) => [state.split('.', 1)[0], state]));
}

/** What is not told by what came before is told by what came next, as long as it is the same life. */
function fillBackwards(kind: RecordedKind, stands: readonly Stand[], now: Regions): void {
  let after = now;
  for (const stand of stands.toReversed()) {
    const { happening, told } = stand;
    const isCrash = 'fact' in happening && hasCrashed(happening.fact);
    if (told.hasActor && !isCrash) stand.told = { ...told, regions: filled(told.regions, after, kind) };
    after = told.isNewLife ? {} : { ...stand.told.regions, ...saidOfBefore(kind, happening) };
  }
}

function filled(regions: Regions, after: Regions, kind: RecordedKind): Regions {
  return Object.fromEntries(
    Object.entries(regions).map(([region, state]) => {
      const next = tellsOfBefore(after[region]) ? (after[region] ?? null) : null;
      // Whatever happens within a pool that runs is on record; within a breaker that is open it is not.
      const isInner = kind === 'pool' && next?.startsWith(`${state}.`) === true;
      return [region, state === null || isInner ? (next ?? state) : state];
    }),
  );
}

/**
 * Whoever is alive now was so since the record last spoke. Of what else it is, the way there need not be on record: one that is
 * started anew after a crash goes on as lost, one that nobody watches as suspect, and probing may be the next life.
 */
function tellsOfBefore(state: string | null | undefined): boolean {
  return state?.startsWith('liveness.') !== true || state === 'liveness.watched.alive';
}

/** What a happening says of the states before it. */
function saidOfBefore(kind: RecordedKind, happening: Happening): Regions {
  if ('seen' in happening) return regionsOf(kind, happening.seen.step?.from ?? []);
  const { type, from } = happening.fact;
  if (from === null || kind === 'endpoint') return {};
  switch (type) {
    case 'worker.changed':
      return { liveness: livenessLeaf(from, {}) };
    case 'worker.readmitted':
      return from === 'quarantined' ? {} : { admission: `admission.${from}` };
    case 'pool.paused':
      return { '': 'running.accepting' };
    case 'pool.resumed':
      return { '': 'running.paused' };
    default:
      return {};
  }
}

function momentOf(fact: RecordedFact, told: Told, before: Told | undefined): Moment {
  const { seq, type: name, at, task_id, from, to, data } = fact;
  const { event } = told;
  const moved = from === null && to === null ? {} : { from, to };
  return {
    seq,
    place: seq,
    at,
    name,
    detail: { ...(task_id === null ? {} : { task_id }), ...moved, ...data },
    states: statesOf(told),
    untold: untoldOf(told),
    step: event === null || before === undefined ? null : { event, from: statesOf(before) },
    context: told.context,
  };
}

function statesOf({ hasActor, regions }: Told): readonly string[] {
  if (!hasActor) return [];
  const order = ['', 'liveness', 'admission'];
  return order.flatMap((region) => regions[region] ?? []);
}

function untoldOf({ hasActor, regions }: Told): readonly string[] {
  if (!hasActor) return [];
  return Object.entries(regions).flatMap(([region, state]) =>
    state === null ? [region] : outerStates.has(state) ? [state] : [],
  );
}
