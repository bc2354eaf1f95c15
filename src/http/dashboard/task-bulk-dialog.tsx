import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { useLoaded } from './loading.tsx';
import { hrefOf } from './route.ts';
import type { Bulk, BulkPreview, BulkProgress } from './task-bulk.ts';
import { taskWords } from './task-words.ts';
import { numberOf } from './time-words.ts';

type Course =
  | { readonly state: 'asking' }
  | { readonly state: 'working' | 'done'; readonly progress: BulkProgress }
  | { readonly state: 'failed'; readonly progress: BulkProgress; readonly message: string };

/** Asks before many tasks are touched: how many they are, and which come first. */
export function BulkDialog({ bulk, onClose }: { bulk: Bulk; onClose: (hasDone: boolean) => void }) {
  const words = taskWords.value;
  const preview = useLoaded((signal) => bulk.preview(signal));
  const course = useSignal<Course>({ state: 'asking' });
  const stop = useMemo(() => new AbortController(), []);
  useEffect(() => () => stop.abort(), []);
  const carryOut = () => {
    let progress: BulkProgress = { done: 0, missed: 0, isWhole: true };
    course.value = { state: 'working', progress };
    bulk
      .carryOut(stop.signal, (next) => {
        progress = next;
        course.value = { state: 'working', progress };
      })
      .then(
        () => {
          course.value = { state: 'done', progress };
        },
        (error: unknown) => {
          course.value = { state: 'failed', progress, message: String((error as Error).message) };
        },
      );
  };
  const { value, fault } = preview.value;
  const isAsking = course.value.state === 'asking';
  return (
    <Dialog
      title={bulk.deed === 'cancel' ? words.cancelTitle : words.retryTitle}
      onClose={() => onClose(course.peek().state !== 'asking')}
    >
      {fault !== null && (
        <p class="fault" role="alert">
          {fault.message}
        </p>
      )}
      {value === null && fault === null && <p class="muted">{words.counting}</p>}
      {value !== null && isAsking && <Preview bulk={bulk} preview={value} />}
      <Progress course={course.value} />
      <form method="dialog" class="bar dialog-buttons">
        {value !== null && value.found > 0 && isAsking && (
          <button type="button" class={bulk.deed === 'cancel' ? 'danger' : 'primary'} onClick={carryOut}>
            {bulk.deed === 'cancel' ? words.doCancel : words.doRetry}
          </button>
        )}
        <button type="submit">{isAsking && value?.found !== 0 ? words.keep : words.close}</button>
      </form>
    </Dialog>
  );
}

function Preview({ bulk, preview }: { bulk: Bulk; preview: BulkPreview }) {
  const words = taskWords.value;
  const { found, isWhole, sample } = preview;
  if (found === 0) return <p>{words.nothingFound}</p>;
  const count = isWhole ? numberOf(found) : words.atLeast(numberOf(found));
  return (
    <>
      <p>
        <strong>{bulk.deed === 'cancel' ? words.cancelFound(count) : words.retryFound(count)}</strong>{' '}
        {bulk.isEverything && words.everything}
      </p>
      <p class="muted">{words.first}:</p>
      <ul class="sample mono">
        {sample.slice(0, 5).map((id) => (
          <li key={id}>
            <a href={hrefOf(['tasks', id])}>{id}</a>
          </li>
        ))}
      </ul>
    </>
  );
}

function Progress({ course }: { course: Course }) {
  const words = taskWords.value;
  if (course.state === 'asking') return null;
  const { done, missed, isWhole } = course.progress;
  return (
    <div role="status">
      {course.state === 'failed' && <p class="fault">{course.message}</p>}
      <p>{course.state === 'working' ? words.doneSoFar(numberOf(done)) : words.done(numberOf(done))}</p>
      {missed > 0 && <p>{words.missed(numberOf(missed))}</p>}
      {course.state === 'done' && !isWhole && <p>{words.unfinished}</p>}
    </div>
  );
}
