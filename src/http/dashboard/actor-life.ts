import { type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { type Moment, type TaskFact, withFact, withTransition } from './actor-history.ts';
import { keepSaying, type LiveMessage, onMessage, say } from './live-connection.ts';

/** `inspect_snapshot`, see docs/websocket.md. */
export interface ActorSnapshot {
  readonly actor: string;
  readonly machine: string;
  readonly machine_hash: string | null;
  readonly states: readonly { readonly state: string; readonly since: string }[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly timers: readonly { readonly event: string; readonly due_at: string }[];
  readonly parent: string | null;
  readonly children: number;
  readonly skipped: number | null;
}

/** What is known of one actor. */
export interface Life {
  /** As it is now; `null` while it has no actor. */
  readonly snapshot: Signal<ActorSnapshot | null>;
  readonly moments: Signal<readonly Moment[]>;
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

/** Follows an actor: of a task its record from the beginning, of all others what happens from now on. */
export function useLife(actor: string): Life {
  const life = useMemo<Life>(
    () => ({
      snapshot: signal<ActorSnapshot | null>(null),
      moments: signal<readonly Moment[]>([]),
      skipped: signal(0),
      absence: signal(''),
    }),
    [actor],
  );
  useEffect(() => {
    const ends = [inspect(actor, life), ...(isTask(actor) ? [follow(actor, life)] : [])];
    return () => {
      for (const end of ends) end();
    };
  }, [actor]);
  return life;
}

/** What the actor does, for as long as it lives. A snapshot says how it stands; then come its transitions. */
function inspect(actor: string, { snapshot, moments, skipped, absence }: Life): () => void {
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
    if (!isOver(moments.peek())) beginIn(retryMs);
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
      moments.value = withTransition(begun(actor, moments.peek(), snapshot.peek()), message);
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

/** How an actor without a record stood when it was first looked at. */
function begun(actor: string, moments: readonly Moment[], snapshot: ActorSnapshot | null): readonly Moment[] {
  if (isTask(actor) || moments.length > 0 || snapshot === null) return moments;
  const states = snapshot.states.map(({ state }) => state);
  const at =
    snapshot.states
      .map(({ since }) => since)
      .toSorted()
      .at(-1) ?? '';
  const { context } = snapshot;
  return [{ seq: null, place: 0, at, name: states.join(' · '), detail: {}, states, step: null, context }];
}

/** Nothing more happens to a task behind its ending. */
export function isOver(moments: readonly Moment[]): boolean {
  return moments.some(({ name }) => ['task.completed', 'task.failed', 'task.cancelled'].includes(name));
}

/** The record of a task: its past first, whenever that was, and then what happens. */
function follow(task_id: string, { moments }: Life): () => void {
  const command = { channel: 'task', task_id };
  let since = 0;
  const unhear = onMessage('task_update', (message: TaskFact & { readonly task_id: string }) => {
    if (message.task_id !== task_id) return;
    since = Math.max(since, message.seq);
    moments.value = withFact(moments.peek(), message);
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
