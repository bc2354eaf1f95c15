import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask, Refusal } from './doors.ts';
import { keepSaying, type LiveMessage, onMessage } from './live-connection.ts';
import type { LiveEvent } from './live-event.ts';
import { Show, useLoaded } from './loading.tsx';
import { perFrame } from './per-frame.ts';
import { hrefOf } from './route.ts';
import { StatusTag } from './status-tag.tsx';
import { TaskActions } from './task-actions.tsx';
import { Attempts, Usage } from './task-attempts.tsx';
import type { TaskFacts } from './task-facts.ts';
import { followCommand, type TaskLife, unlived, withFact, withText } from './task-life.ts';
import { taskPageWords } from './task-page-words.ts';
import { Prediction } from './task-prediction.tsx';
import { TextBox } from './task-text.tsx';
import { Timeline } from './task-timeline.tsx';
import { durationOf, timeOf } from './time-words.ts';
import './tasks.css';
import './task-page.css';

/** One task: what was asked, what is answered as it is written, and why it went as it did. */
export function TaskPage({ taskId }: { taskId: string }) {
  const words = taskPageWords.value;
  const loaded = useLoaded((signal) =>
    ask<TaskFacts>(`/task/${encodeURIComponent(taskId)}?include=attempts`, { signal }),
  );
  const life = useLife(taskId, () => loaded.peek().again());
  const { fault, value } = loaded.value;
  if (fault instanceof Refusal && fault.status === 404) {
    return (
      <>
        <h1>{words.heading}</h1>
        <p>
          {words.unknown} <a href={hrefOf(['tasks'])}>{words.back}</a>
        </p>
      </>
    );
  }
  return (
    <>
      <p class="back">
        <a href={hrefOf(['tasks'])}>← {words.back}</a>
      </p>
      <h1 class="task-title">
        {words.heading} <span class="mono">{taskId}</span>{' '}
        {value !== null && <StatusTag status={value.status} />}
      </h1>
      <Show of={loaded.value}>
        {(task) => (
          <>
            <TaskActions task={task} onChanged={loaded.value.again} />
            <div class="grid task-grid">
              <Basics task={task} />
              <section class="card" aria-labelledby="prompt-title">
                <h2 id="prompt-title">{words.prompt}</h2>
                <TextBox label={words.prompt} text={task.prompt} />
              </section>
              <Answer task={task} text={life.text} />
              <Prediction task={task} />
              <Attempts attempts={task.attempt_list} />
              <Timeline taskId={taskId} facts={life.facts} />
            </div>
          </>
        )}
      </Show>
    </>
  );
}

/** Follows a task: its facts from the first on, and its text as it is written, drawn once a frame. */
function useLife(taskId: string, onFact: () => void): TaskLife {
  const shown = useSignal(unlived);
  useEffect(() => {
    let life = unlived;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = perFrame(() => {
      shown.value = life;
    });
    const hear = (next: TaskLife) => {
      // What has begun, ended or moved is asked for anew, once for all that comes together.
      if (next.facts.length !== life.facts.length) {
        clearTimeout(timer);
        timer = setTimeout(onFact, 150);
      }
      life = next;
      draw();
    };
    const stops = [
      onMessage('task_update', (message: LiveEvent) => {
        if (message.task_id === taskId) hear(withFact(life, message));
      }),
      onMessage('task_text', (message: LiveMessage) => {
        if (message.task_id === taskId) hear(withText(life, message));
      }),
      onMessage('task_ended', (message: LiveMessage) => {
        if (message.task_id === taskId) onFact();
      }),
      keepSaying(`task ${taskId}`, () => followCommand(taskId, life), {
        command: 'unsubscribe',
        channel: 'task',
        task_id: taskId,
      }),
    ];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [taskId]);
  return shown.value;
}

function Basics({ task }: { task: TaskFacts }) {
  const words = taskPageWords.value;
  const between = (from: string | null, to: string | null) =>
    from === null || to === null ? null : Date.parse(to) - Date.parse(from);
  const { created_by: by, retry_of: retryOf } = task.metadata;
  const figures: readonly (readonly [string, string | number | null | undefined])[] = [
    [words.type, task.type],
    [words.priority, task.priority],
    [words.worker, task.worker_id],
    [words.accepted, timeOf(task.created_at)],
    [words.startsAt, task.run_at === null ? null : timeOf(task.run_at)],
    [words.started, task.started_at === null ? null : timeOf(task.started_at)],
    [words.ended, task.ended_at === null ? null : timeOf(task.ended_at)],
    [words.waited, task.started_at === null ? null : durationOf(between(task.created_at, task.started_at))],
    [words.ran, task.ended_at === null ? null : durationOf(between(task.started_at, task.ended_at))],
    [words.by, by],
  ];
  return (
    <section class="card wide" aria-label={words.heading}>
      <dl class="figures basics">
        {figures
          .filter(([, figure]) => figure !== null && figure !== undefined)
          .map(([name, figure]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="clip">{figure}</dd>
            </div>
          ))}
        {retryOf !== undefined && (
          <div>
            <dt>{words.retryOf}</dt>
            <dd class="clip">
              <a href={hrefOf(['tasks', retryOf])}>{retryOf}</a>
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function Answer({ task, text }: { task: TaskFacts; text: string }) {
  const words = taskPageWords.value;
  const { result } = task;
  const isGrowing = result === null && task.status === 'in_progress';
  const shown = result?.success ? result.output : text;
  return (
    <section class="card" aria-labelledby="answer-title">
      <h2 id="answer-title">{words.answer}</h2>
      {result !== null && result.error !== null && (
        <p class="fault attempt-fault">
          {words.error}
          {result.error_code !== null && ` ${result.error_code}`}: {result.error}
        </p>
      )}
      {shown === '' ? (
        <p class="muted">{result === null ? words.noAnswer : words.emptyAnswer}</p>
      ) : (
        <TextBox label={words.answer} text={shown} isGrowing={isGrowing} />
      )}
      {result !== null && result.usage !== null && <Usage usage={result.usage} />}
    </section>
  );
}
