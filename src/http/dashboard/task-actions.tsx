import { useSignal } from '@preact/signals';
import { Dialog } from './dialog.tsx';
import { ask, can, doors, facts } from './doors.ts';
import { go, hrefOf } from './route.ts';
import { curlOf, type TaskFacts } from './task-facts.ts';
import { taskPageWords } from './task-page-words.ts';

/** What can be done with a task. */
export function TaskActions({ task, onChanged }: { task: TaskFacts; onChanged: () => void }) {
  const words = taskPageWords.value;
  const fault = useSignal<string | null>(null);
  const path = `/task/${task.task_id}`;
  const act = (deed: Promise<unknown>) => {
    fault.value = null;
    deed.then(onChanged, (error: Error) => {
      fault.value = error.message;
    });
  };
  const retry = () =>
    ask<{ task_id: string }>(`${path}/retry`, { method: 'POST' }).then(({ task_id }) =>
      go(['tasks', task_id]),
    );
  return (
    <div class="bar task-actions">
      {can('submit') && task.ended_at === null && (
        <>
          <PriorityChoice
            priority={task.priority}
            onChoice={(priority) => act(ask(path, { method: 'PATCH', body: { priority } }))}
          />
          <CancelButton onCancel={() => act(ask(path, { method: 'DELETE' }))} />
        </>
      )}
      {can('submit') && task.ended_at !== null && (
        <button type="button" onClick={() => act(retry())}>
          {words.retry}
        </button>
      )}
      <CopyButton task={task} />
      <a href={hrefOf(['actors', task.task_id])}>{words.chart}</a>
      {fault.value !== null && (
        <span class="fault" role="alert">
          {fault.value}
        </span>
      )}
    </div>
  );
}

function PriorityChoice({ priority, onChoice }: { priority: number; onChoice: (priority: number) => void }) {
  return (
    <label>
      {taskPageWords.value.priority}{' '}
      <select
        value={String(priority)}
        onChange={({ currentTarget }) => onChoice(Number(currentTarget.value))}
      >
        {Array.from({ length: 10 }, (_, place) => String(10 - place)).map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

function CancelButton({ onCancel }: { onCancel: () => void }) {
  const words = taskPageWords.value;
  const isAsking = useSignal(false);
  const ask = (asking: boolean) => () => {
    isAsking.value = asking;
  };
  return (
    <>
      <button type="button" class="danger" onClick={ask(true)}>
        {words.cancel}…
      </button>
      {isAsking.value && (
        <Dialog title={words.cancel} onClose={ask(false)}>
          <p>{words.cancelQuestion}</p>
          <form method="dialog" class="bar dialog-buttons">
            <button type="submit" class="danger" onClick={onCancel}>
              {words.doCancel}
            </button>
            <button type="submit">{words.keep}</button>
          </form>
        </Dialog>
      )}
    </>
  );
}

/** A page that is not from this machine, and not encrypted, may not copy: then the text is shown. */
function CopyButton({ task }: { task: TaskFacts }) {
  const words = taskPageWords.value;
  const isCopied = useSignal(false);
  const byHand = useSignal<string | null>(null);
  const copy = async () => {
    const command = curlOf(task, doors().rest, facts.isSignedIn);
    try {
      await navigator.clipboard.writeText(command);
      isCopied.value = true;
    } catch {
      byHand.value = command;
    }
  };
  return (
    <>
      <button type="button" onClick={copy}>
        {words.copyCurl}
      </button>
      <span role="status">{isCopied.value && words.copied}</span>
      {byHand.value !== null && (
        <Dialog
          title={words.copyCurl}
          onClose={() => {
            byHand.value = null;
          }}
        >
          <p>{words.copyByHand}</p>
          <textarea class="mono by-hand" rows={8} readOnly value={byHand.value} aria-label={words.copyCurl} />
          <form method="dialog" class="bar dialog-buttons">
            <button type="submit">{words.close}</button>
          </form>
        </Dialog>
      )}
    </>
  );
}
