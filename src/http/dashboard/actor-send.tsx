import { type Signal, useSignal } from '@preact/signals';
import type { OperatorSignal, SignalEvent, SignalField } from '../../machines/operator-signals.ts';
import { actorSendWords } from './actor-send-words.ts';
import { Dialog } from './dialog.tsx';
import { ask } from './doors.ts';
import './actor-send.css';

type Course =
  | { readonly state: 'asking' | 'confirming' | 'sending' }
  | { readonly state: 'sent'; readonly seq: number; readonly by: string }
  | { readonly state: 'refused'; readonly message: string };

interface SendProps {
  readonly actor: string;
  readonly signal: OperatorSignal;
  readonly onClose: () => void;
}

/** Sends an event to an actor: says what that does, asks for its fields, asks once more, and tells what came of it. */
export function SendDialog({ actor, signal, onClose }: SendProps) {
  const words = actorSendWords.value;
  const course = useSignal<Course>({ state: 'asking' });
  const fields = useSignal<Readonly<Record<string, number>>>(
    Object.fromEntries(signal.fields.map(({ name, preset }) => [name, preset])),
  );
  const send = async (confirm: string) => {
    course.value = { state: 'sending' };
    const event = { ...fields.peek(), type: signal.event };
    try {
      const path = `/actors/${encodeURIComponent(actor)}/events`;
      const { seq, by } = await ask<{ seq: number; by: string }>(path, {
        method: 'POST',
        body: { event, confirm },
      });
      course.value = { state: 'sent', seq, by };
    } catch (error) {
      course.value = { state: 'refused', message: error instanceof Error ? error.message : String(error) };
    }
  };
  return (
    <Dialog title={words.title(signal.event, actor)} onClose={onClose}>
      <p>{words.does[signal.event as SignalEvent]}</p>
      {course.value.state === 'asking' ? (
        <Asking
          fields={signal.fields}
          said={fields}
          onNext={() => (course.value = { state: 'confirming' })}
        />
      ) : (
        <Confirming actor={actor} said={fields.value} course={course} send={send} />
      )}
    </Dialog>
  );
}

type Said = Readonly<Record<string, number>>;

function Asking({
  fields,
  said,
  onNext,
}: {
  fields: readonly SignalField[];
  said: Signal<Said>;
  onNext: () => void;
}) {
  const words = actorSendWords.value;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onNext();
      }}
    >
      {fields.map(({ name, min, max }) => (
        <p key={name}>
          <label>
            {words.fields[name] ?? name}{' '}
            <input
              type="number"
              required
              min={min}
              max={max}
              step={1}
              value={said.value[name]}
              onInput={({ currentTarget }) => {
                said.value = { ...said.value, [name]: currentTarget.valueAsNumber };
              }}
            />
          </label>
        </p>
      ))}
      <div class="bar dialog-buttons">
        <button type="submit" class="primary">
          {words.next}
        </button>
        <CloseButton label={words.keep} />
      </div>
    </form>
  );
}

interface ConfirmingProps {
  readonly actor: string;
  readonly said: Said;
  readonly course: Signal<Course>;
  readonly send: (confirm: string) => Promise<void>;
}

/** The second question: whoever writes the name has read it. */
function Confirming({ actor, said, course, send }: ConfirmingProps) {
  const words = actorSendWords.value;
  const written = useSignal('');
  const { state } = course.value;
  if (state === 'sent' || state === 'refused') return <Outcome course={course} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send(written.peek());
      }}
    >
      <p>{words.sure}</p>
      <p class="mono send-name">{actor}</p>
      {Object.entries(said).map(([name, value]) => (
        <p key={name}>
          {words.fields[name] ?? name}: <strong>{value}</strong>
        </p>
      ))}
      <p>
        <label>
          {words.confirm}{' '}
          <input
            ref={focused}
            class="mono send-confirm"
            autocomplete="off"
            spellcheck={false}
            value={written.value}
            onInput={({ currentTarget }) => {
              written.value = currentTarget.value.trim();
            }}
          />
        </label>
      </p>
      <div class="bar dialog-buttons">
        <button type="submit" class="danger" disabled={written.value !== actor || state === 'sending'}>
          {state === 'sending' ? words.sending : words.doSend}
        </button>
        <CloseButton label={words.keep} />
      </div>
    </form>
  );
}

function Outcome({ course }: { course: Signal<Course> }) {
  const words = actorSendWords.value;
  const { value } = course;
  return (
    <>
      {value.state === 'sent' && <p role="status">{words.sent(value.seq, value.by)}</p>}
      {value.state === 'refused' && (
        <p class="fault" role="alert">
          {words.refused(value.message)}
        </p>
      )}
      <div class="bar dialog-buttons">
        {value.state === 'refused' && (
          <button type="button" onClick={() => (course.value = { state: 'asking' })}>
            {words.back}
          </button>
        )}
        <CloseButton label={words.close} isFocused />
      </div>
    </>
  );
}

/** Closes as Escape does, so that the focus is free to go where it came from. */
function CloseButton({ label, isFocused = false }: { label: string; isFocused?: boolean }) {
  return (
    <button
      type="button"
      ref={isFocused ? focused : null}
      onClick={({ currentTarget }) => currentTarget.closest('dialog')?.close()}
    >
      {label}
    </button>
  );
}

function focused(element: HTMLElement | null): void {
  element?.focus();
}
