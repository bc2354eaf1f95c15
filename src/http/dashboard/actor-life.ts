import {
  computed,
  type ReadonlySignal,
  type Signal,
  signal,
  useComputed,
  useSignalEffect,
} from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { ActorOption } from '../../runtime/inspection-guards.ts';
import { type Moment, type TaskFact, withFact, withTransition } from './actor-history.ts';
import { Past } from './actor-past.ts';
import { momentsOf, recordedKind } from './actor-record.ts';
import type { RecordedKind } from './actor-told.ts';
import { keepSaying, type LiveMessage, onMessage, say } from './live-connection.ts';

/** `inspect_snapshot`, see docs/websocket.md. */
export interface ActorSnapshot {
  readonly actor: string;
  readonly machine: string;
  readonly machine_hash: string | null;
  readonly states: readonly { readonly state: string; readonly since: string }[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly timers: readonly { readonly event: string; readonly due_at: string }[];
  readonly next: readonly ActorOption[];
  readonly parent: string | null;
  readonly children: number;
  readonly skipped: number | null;
}

/** What is known of one actor. */
export interface Life {
  /** As it is now; `null` while it has no actor. */
  readonly snapshot: Signal<ActorSnapshot | null>;
  readonly moments: ReadonlySignal<readonly Moment[]>;
  /** What is on record of one that is no task; `null` of what leaves no record. */
  readonly past: Past | null;
  /** Events that were too fast to be told. */
  readonly skipped: Signal<number>;
  /** Why there is no actor of this name; empty where there is one. */
  readonly absence: Signal<string>;
}

/** Between two looks for an actor that is not there yet, or not any more. */
const retryMs = 2_000;
/** Behind a transition, until the actor is looked at anew: several in a row are followed by one look. */
const lookAgainMs = 250;

export function isTask(actor: string): boolean {
  return actor.startsWith('task_');
}

/** Between the choice of a moment and the question for what was around it: a slider passes many. */
const lookAroundMs = 300;

/** Follows an actor: its record, whenever that began, and what happens from now on. */
export function useLife(actor: string): Life {
  const { life, begin } = useMemo(() => lifeOf(actor), [actor]);
  useEffect(begin, [actor]);
  return life;
}

/** What is written down while it is followed. */
interface Following extends Omit<Life, 'moments'> {
  readonly moments: ReadonlySignal<readonly Moment[]>;
  /** Of a task: with what is on record. */
  readonly seen: Signal<readonly Moment[]>;
}

function lifeOf(actor: string): { readonly life: Life; readonly begin: () => () => void } {
  const seen = signal<readonly Moment[]>([]);
  const kind = recordedKind(actor);
  const past = kind === null ? null : new Past(actor);
  const snapshot = signal<ActorSnapshot | null>(null);
  const life: Following = {
    snapshot,
    seen,
    moments: kind === null || past === null ? seen : toldMoments(kind, past, seen, snapshot),
    past,
    skipped: signal(0),
    absence: signal(''),
  };
  const begin = () => {
    const ends = [inspect(actor, life), ...(isTask(actor) ? [follow(actor, life)] : [])];
    if (past !== null) ends.push(past.begin());
    return () => {
      for (const end of ends) end();
    };
  };
  return { life, begin };
}

function toldMoments(
  kind: RecordedKind,
  { facts, isWhole }: Past,
  seen: Signal<readonly Moment[]>,
  snapshot: Signal<ActorSnapshot | null>,
): ReadonlySignal<readonly Moment[]> {
  // As one text: a look at an actor that has not moved changes nothing.
  const now = computed(() => snapshot.value?.states.map(({ state }) => state).join(' ') ?? '');
  return computed(() =>
    momentsOf(kind, {
      facts: facts.value,
      seen: seen.value,
      now: now.value.split(' ').filter(Boolean),
      isWhole: isWhole.value,
    }),
  );
}

/** Reads what was around the moment that is shown, and so far back that it is there. */
export function useSurroundings(
  { past }: Life,
  chosen: Signal<Moment | null>,
  asked: () => string | null,
): void {
  const place = useComputed(() => {
    const shown = chosen.value;
    if (shown !== null) return Math.floor(shown.place);
    const seq = Number(asked() ?? Number.NaN);
    if (Number.isSafeInteger(seq) && seq > 0) return seq;
    // At its end: again when something has happened to the actor itself.
    return -(past?.facts.value.findLast(({ task_id }) => task_id === null)?.seq ?? 0);
  });
  useSignalEffect(() => {
    const seq = place.value;
    const timer = setTimeout(() => {
      void past?.readAround(seq > 0 ? seq : null);
      if (seq > 0) past?.readUntil(seq);
    }, lookAroundMs);
    return () => clearTimeout(timer);
  });
}

/** What the actor does, for as long as it lives. A snapshot says how it stands; then come its transitions. */
function inspect(actor: string, life: Following): () => void {
  const { snapshot, moments, seen, skipped, absence } = life;
  const command = { command: 'subscribe', channel: 'inspect', actor };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsay = () => {};
  const begin = () => {
    unsay();
    unsay = keepSaying(`inspect ${actor}`, () => command);
  };
  const beginIn = (delayMs: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      begin();
    }, delayMs);
  };
  const leave = (why: string) => {
    snapshot.value = null;
    absence.value = why;
    unsay();
    if (!isOver(actor, moments.peek())) beginIn(retryMs);
  };
  const hear = (type: string, listener: (message: LiveMessage) => void) =>
    onMessage(type, (message) => {
      if (message.actor === actor) listener(message);
    });
  const unhear = [
    hear('inspect_snapshot', (message) => {
      snapshot.value = message;
      skipped.value += message.skipped ?? 0;
      absence.value = '';
    }),
    hear('inspect_transition', (message) => {
      seen.value = withTransition(begun(actor, life), message);
      // What a transition does not tell, such as timers, comes with the next look.
      if (snapshot.peek() !== null) beginIn(lookAgainMs);
    }),
    hear('inspect_ended', ({ status }) => leave(status)),
    onMessage('error', ({ message }) => {
      if (String(message).includes(actor) || String(message).startsWith('an actor is called')) leave(message);
    }),
  ];
  begin();
  return () => {
    clearTimeout(timer);
    unsay();
    say({ ...command, command: 'unsubscribe' });
    for (const each of unhear) each();
  };
}

/** What was seen so far; of an actor of which nothing is known, how it stood when it was first looked at. */
function begun(actor: string, { moments, seen, past, snapshot }: Following): readonly Moment[] {
  const now = snapshot.peek();
  const isKnown = moments.peek().length > 0 || past?.isSettled.peek() === false;
  if (isTask(actor) || isKnown || now === null) return seen.peek();
  const { context } = now;
  const states = now.states.map(({ state }) => state);
  const at = now.states.map(({ since }) => since).toSorted();
  const name = states.join(' · ');
  return [{ seq: null, place: 0, at: at.at(-1) ?? '', name, detail: {}, states, step: null, context }];
}

/** Nothing more happens to a task behind its ending. */
export function isOver(actor: string, moments: readonly Moment[]): boolean {
  return (
    isTask(actor) &&
    moments.some(({ name }) => ['task.completed', 'task.failed', 'task.cancelled'].includes(name))
  );
}

/** The record of a task: its past first, whenever that was, and then what happens. */
function follow(task_id: string, { seen }: Following): () => void {
  const command = { channel: 'task', task_id };
  let since = 0;
  const unhear = onMessage('task_update', (message: TaskFact & { readonly task_id: string }) => {
    if (message.task_id !== task_id) return;
    since = Math.max(since, message.seq);
    seen.value = withFact(seen.peek(), message);
  });
  const unsay = keepSaying(`record of ${task_id}`, () => ({ command: 'subscribe', ...command, since }), {
    command: 'unsubscribe',
    ...command,
  });
  return () => {
    unsay();
    unhear();
  };
}
