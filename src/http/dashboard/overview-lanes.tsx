import { useEffect } from 'preact/hooks';
import type { WorkerView } from '../../runtime/worker-view.ts';
import { Show } from './loading.tsx';
import { useRunning } from './overview-running.ts';
import { followText, showSpeeds, speeds } from './overview-speeds.ts';
import { overviewWords } from './overview-words.ts';
import { nowMs } from './polling.ts';
import { hrefOf } from './route.ts';
import { StatusTag } from './status-tag.tsx';
import { ageOf, numberOf } from './time-words.ts';
import { useWorkers } from './worker-following.ts';

/** Tasks shown in one lane. */
const shownMax = 6;
interface HeldTask {
  readonly summary: string;
  readonly since: string | undefined;
}

/** A task that has run so long is worth following; a shorter one is over before its speed is known. */
const followAfterMs = 1_000;

/** Every worker as a lane: what it is, what it does at this moment, how fast. */
export function WorkerLanes() {
  const words = overviewWords.value;
  const { workers, sinceOf } = useWorkers();
  const shown = (workers.value.value ?? []).flatMap(({ current_tasks }) => current_tasks.slice(0, shownMax));
  const summaries = useRunning(shown);
  const tasks = shown.map((id): [string, HeldTask] => {
    const { summary, updated_at } = summaries.get(id) ?? {};
    return [id, { summary: summary ?? id, since: sinceOf(id) ?? updated_at }];
  });
  useEffect(showSpeeds, []);
  useEffect(() => {
    const isLong = (since = '') => Date.parse(since) <= nowMs.peek() - followAfterMs;
    followText(tasks.filter(([, { since }]) => isLong(since)).map(([id]) => id));
  }, [nowMs.value]);
  return (
    <section class="card wide" aria-labelledby="lanes-title">
      <h2 id="lanes-title">{words.workers}</h2>
      <Show of={workers.value}>
        {(all) =>
          all.length === 0 ? (
            <p class="muted">{words.noWorkers}</p>
          ) : (
            <ul class="lanes">
              {all.map((worker) => (
                <Lane key={worker.worker_id} worker={worker} tasks={new Map(tasks)} />
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}

function Lane({ worker, tasks }: { worker: WorkerView; tasks: ReadonlyMap<string, HeldTask> }) {
  const words = overviewWords.value;
  const { worker_id: id, max_concurrent_tasks: slots, leases } = worker;
  const shown = worker.current_tasks.slice(0, shownMax);
  return (
    <li class="lane">
      <div class="lane-head">
        <a class="clip" href={hrefOf(['workers'])} title={id}>
          {id}
        </a>
        <StatusTag status={worker.status} />
        {worker.admission !== 'active' && <StatusTag status={worker.admission} />}
        {worker.breaker !== null && worker.breaker !== 'closed' && (
          <span class="tag bad" title={worker.breaker_detail}>
            {words.breaker(worker.breaker)}
          </span>
        )}
        <Slots used={leases} max={slots} />
      </div>
      <p class="lane-facts muted">
        <span class="clip" title={worker.loaded.join(', ')}>
          {worker.loaded.length === 0
            ? words.nothingResident
            : `${words.resident}: ${worker.loaded.join(', ')}`}
        </span>
        <Beat at={worker.last_heartbeat} />
      </p>
      {shown.length > 0 && (
        <ul class="lane-tasks">
          {shown.map((taskId) => (
            <CurrentTask key={taskId} taskId={taskId} task={tasks.get(taskId)} />
          ))}
        </ul>
      )}
      {worker.current_tasks.length > shownMax && (
        <p class="muted">{words.more(worker.current_tasks.length - shownMax)}</p>
      )}
    </li>
  );
}

/** Boxes up to a dozen; beyond, the number alone. */
function Slots({ used, max }: { used: number; max: number }) {
  const label = overviewWords.value.slots(used, max);
  return (
    <span class="slots" role="img" aria-label={label} title={label}>
      {max <= 12 &&
        Array.from({ length: max }, (_, place) => (
          <i key={place} class={place < used ? 'slot used' : 'slot'} />
        ))}
      <span>
        {used}/{max}
      </span>
    </span>
  );
}

function Beat({ at }: { at: string | null }) {
  const words = overviewWords.value;
  if (at === null) return <span>{words.noBeat}</span>;
  return <span>{words.beat(ageOf(at, nowMs.value))}</span>;
}

function CurrentTask({ taskId, task }: { taskId: string; task: HeldTask | undefined }) {
  const speed = speeds.value.get(taskId);
  return (
    <li>
      <a class="clip" href={hrefOf(['tasks', taskId])}>
        {task?.summary ?? taskId}
      </a>
      <span class="lane-pace">
        {task?.since !== undefined && ageOf(task.since, nowMs.value)}
        {speed !== undefined && (
          <strong>{overviewWords.value.tokens(numberOf(speed, speed < 10 ? 1 : 0))}</strong>
        )}
      </span>
    </li>
  );
}
