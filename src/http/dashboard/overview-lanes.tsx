import { useEffect } from 'preact/hooks';
import { ask, askLogs } from './doors.ts';
import { type Loaded, Show } from './loading.tsx';
import { followText, showSpeeds, speeds } from './overview-speeds.ts';
import { overviewWords } from './overview-words.ts';
import { nowMs, usePolled } from './polling.ts';
import { hrefOf } from './route.ts';
import { StatusTag } from './status-tag.tsx';
import { ageOf, numberOf } from './time-words.ts';

interface Worker {
  readonly worker_id: string;
  readonly status: string;
  readonly admission: string;
  readonly location: string;
  readonly model: string | null;
  readonly last_heartbeat: string | null;
  readonly max_concurrent_tasks: number;
  readonly leases: number;
  readonly current_tasks: readonly string[];
  readonly breaker: string | null;
  readonly breaker_detail: string;
  readonly loaded: readonly string[];
}

interface Running {
  readonly task_id: string;
  readonly summary: string;
  readonly type: string;
  readonly priority: number;
  readonly updated_at: string;
}

interface Lanes {
  readonly workers: readonly Worker[];
  readonly running: ReadonlyMap<string, Running>;
}

/** Tasks shown in one lane. */
const shownMax = 6;
/** A task that has run so long is worth following; a shorter one is over before its speed is known. */
const followAfterMs = 1_000;

async function loadLanes(signal: AbortSignal): Promise<Lanes> {
  const [{ workers }, { tasks }] = await Promise.all([
    askLogs<{ workers: readonly Worker[] }>('/api/workers/status', signal),
    ask<{ tasks: readonly Running[] }>('/tasks?status=in_progress&limit=50', { signal }),
  ]);
  const now = Date.now();
  followText(
    tasks
      .filter(({ updated_at }) => now - Date.parse(updated_at) >= followAfterMs)
      .map(({ task_id }) => task_id),
  );
  return { workers, running: new Map(tasks.map((task) => [task.task_id, task])) };
}

/** Every worker as a lane: what it is, what it does at this moment, how fast. */
export function WorkerLanes() {
  const words = overviewWords.value;
  const lanes = usePolled(loadLanes, 2_000);
  useEffect(showSpeeds, []);
  return (
    <section class="card wide" aria-labelledby="lanes-title">
      <h2 id="lanes-title">{words.workers}</h2>
      <Show of={lanes.value as Loaded<Lanes>}>
        {({ workers, running }) =>
          workers.length === 0 ? (
            <p class="muted">{words.noWorkers}</p>
          ) : (
            <ul class="lanes">
              {workers.map((worker) => (
                <Lane key={worker.worker_id} worker={worker} running={running} />
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}

function Lane({ worker, running }: { worker: Worker; running: ReadonlyMap<string, Running> }) {
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
            <CurrentTask key={taskId} taskId={taskId} task={running.get(taskId)} />
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

function CurrentTask({ taskId, task }: { taskId: string; task: Running | undefined }) {
  const speed = speeds.value.get(taskId);
  return (
    <li>
      <a class="clip" href={hrefOf(['tasks', taskId])}>
        {task?.summary ?? taskId}
      </a>
      <span class="lane-pace">
        {task !== undefined && ageOf(task.updated_at, nowMs.value)}
        {speed !== undefined && (
          <strong>{overviewWords.value.tokens(numberOf(speed, speed < 10 ? 1 : 0))}</strong>
        )}
      </span>
    </li>
  );
}
