import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { LeaseRun, LeaseRuns } from '../../db/run-queries.ts';
import { askLogs } from './doors.ts';
import type { LiveEvent } from './live-event.ts';
import { Show } from './loading.tsx';
import { nowMs, useFollowed } from './polling.ts';
import { go, hrefOf } from './route.ts';
import { ScrollBox } from './scroll-box.tsx';
import { durationOf, timeOf } from './time-words.ts';
import { type LaneRun, lanesOf, type RunWindow, type WorkerLanes, windowLater } from './worker-lanes.ts';
import { workerWords } from './worker-words.ts';

interface RunsAnswer extends LeaseRuns {
  readonly window: RunWindow;
  /** When it came, by the clock of this page. */
  readonly atMs: number;
  readonly minutes: number;
}

const periods = [10, 60, 360, 1_440] as const;
/** Of a lane, in px; the text of no bar has to fit in. */
const laneHeight = 22;
/** A run of some ms in a day is to be seen as well. */
const barWidthMin = '4px';
const runsShown = 500;

/** In ms: what began or ended is told by its fact, and asked for at most so often. */
const restMs = 1_000;
/** A window moves on by such shares of itself: finer, nobody would see it. */
const stepsOfWindow = 200;

function isOfLease({ type, details }: LiveEvent): boolean {
  return (
    type === 'task_update' && details.event !== 'task.accepted' && details.event !== 'task.reprioritized'
  );
}

/** Which task ran on which worker, and when. */
export function WorkerGantt({ workerIds }: { workerIds: readonly string[] }) {
  const words = workerWords.value;
  const minutes = useSignal<number>(60);
  const { state: runs, want } = useFollowed(
    async (signal) => {
      const asked = minutes.peek();
      const path = `/api/runs?minutes=${asked}&limit=${runsShown}`;
      const found = await askLogs<Omit<RunsAnswer, 'atMs'>>(path, signal);
      return { ...found, atMs: Date.now(), minutes: asked };
    },
    { matters: isOfLease, restMs, everyMs: Number.POSITIVE_INFINITY },
  );
  useEffect(() => {
    if (runs.peek().value !== null) want(0);
  }, [minutes.value]);
  return (
    <section class="card worker-section" aria-labelledby="gantt">
      <div class="bar">
        <h2 id="gantt">{words.gantt}</h2>
        <select
          aria-label={words.period}
          value={String(minutes.value)}
          onChange={({ currentTarget }) => {
            minutes.value = Number(currentTarget.value);
          }}
        >
          {periods.map((period) => (
            <option key={period} value={String(period)}>
              {words.minutes(period)}
            </option>
          ))}
        </select>
      </div>
      <Show of={runs.value}>{(found) => <Chart found={found} workerIds={workerIds} />}</Show>
    </section>
  );
}

/** The answer as it stands now: what goes on reaches the right edge, and what is long over has left by the left one. */
function Chart({ found, workerIds }: { found: RunsAnswer; workerIds: readonly string[] }) {
  const stepMs = (found.minutes * 60_000) / stepsOfWindow;
  const laterMs = Math.max(0, Math.floor((nowMs.value - found.atMs) / stepMs) * stepMs);
  const window = useMemo(() => windowLater(found.window, laterMs), [found, laterMs]);
  const workers = useMemo(() => lanesOf(found.runs, window, workerIds), [found, window, workerIds.join()]);
  const isEmpty = workers.every(({ runs }) => runs.length === 0);
  return isEmpty ? (
    <EmptyLanes workers={workers} />
  ) : (
    <Lanes found={found} window={window} workers={workers} />
  );
}

/** Who could have run something. */
function EmptyLanes({ workers }: { workers: readonly WorkerLanes[] }) {
  return (
    <>
      <p class="muted">{workerWords.value.noRuns}</p>
      <div class="gantt">
        {workers.map(({ workerId }) => (
          <div key={workerId} class="gantt-row">
            <span>{workerId}</span>
            <svg role="presentation" width="100%" height={laneHeight} />
          </div>
        ))}
      </div>
    </>
  );
}

interface LanesProps {
  readonly found: RunsAnswer;
  readonly window: RunWindow;
  readonly workers: readonly WorkerLanes[];
}

function Lanes({ found, window, workers }: LanesProps) {
  const words = workerWords.value;
  const chosen = useSignal<number | null>(null);
  const inOrder = workers.flatMap(({ runs }) => runs);
  const at = inOrder.findIndex(({ run }) => run.assignment_id === chosen.value);
  const current = inOrder[at]?.run;
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextOf(event.key, at, inOrder.length);
    if (event.key === 'Enter' && current !== undefined) go(['tasks', current.task_id]);
    else if (next !== undefined) chosen.value = inOrder[next]?.run.assignment_id ?? null;
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div
        class="gantt"
        role="listbox"
        tabIndex={0}
        aria-label={words.gantt}
        aria-describedby="gantt-help"
        aria-activedescendant={current === undefined ? undefined : barId(current)}
        onKeyDown={onKeyDown}
      >
        {workers.map(({ workerId, lanes, runs }) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options within a listbox
          <div
            key={workerId}
            class="gantt-row"
            role="group"
            aria-label={runs.length === 0 ? words.idle(workerId) : workerId}
          >
            <span aria-hidden="true">{workerId}</span>
            <svg role="presentation" width="100%" height={lanes * laneHeight}>
              {runs.map((placed) => (
                <Bar
                  key={placed.run.assignment_id}
                  placed={placed}
                  isCurrent={placed.run === current}
                  onChoose={() => {
                    chosen.value = placed.run.assignment_id;
                  }}
                />
              ))}
            </svg>
          </div>
        ))}
        <div class="gantt-row gantt-axis" aria-hidden="true">
          <span />
          <span>
            <time>{timeOf(window.since)}</time>
            <time>{timeOf(window.until)}</time>
          </span>
        </div>
      </div>
      <p class="gantt-said" role="status">
        {current === undefined ? '' : <a href={hrefOf(['tasks', current.task_id])}>{said(current)}</a>}
      </p>
      <p id="gantt-help" class="muted">
        {words.ganttHelp} {found.truncated && words.truncated}
      </p>
      <RunTable runs={found.runs} />
    </>
  );
}

interface BarProps {
  readonly placed: LaneRun;
  readonly isCurrent: boolean;
  readonly onChoose: () => void;
}

function Bar({ placed: { run, lane, start, end }, isCurrent, onChoose }: BarProps) {
  return (
    <rect
      id={barId(run)}
      role="option"
      aria-selected={isCurrent}
      aria-label={said(run)}
      class={`gantt-bar ${run.status}`}
      style={{
        x: `min(${100 * start}%, calc(100% - ${barWidthMin}))`,
        width: `max(${barWidthMin}, ${100 * (end - start)}%)`,
      }}
      y={lane * laneHeight + 2}
      height={laneHeight - 4}
      rx={3}
      onClick={onChoose}
      onDblClick={() => go(['tasks', run.task_id])}
    >
      <title>{said(run)}</title>
    </rect>
  );
}

function barId({ assignment_id }: LeaseRun): string {
  return `run-${assignment_id}`;
}

function said(run: LeaseRun): string {
  const words = workerWords.value;
  return words.run(run.task_id, words.endings[run.status] ?? run.status, timeOf(run.started_at), spanOf(run));
}

function spanOf({ started_at, ended_at }: LeaseRun): string {
  return ended_at === null ? '…' : durationOf(Date.parse(ended_at) - Date.parse(started_at));
}

function nextOf(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return Math.min(count - 1, at + 1);
    case 'ArrowLeft':
    case 'ArrowUp':
      return Math.max(0, at - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

function RunTable({ runs }: { runs: readonly LeaseRun[] }) {
  const words = workerWords.value;
  const heads = [
    words.task,
    words.worker,
    words.model,
    words.type,
    words.priority,
    words.status,
    words.started,
  ];
  return (
    <details>
      <summary>{words.asTable(runs.length)}</summary>
      <ScrollBox kind="low" label={words.asTable(runs.length)}>
        <table>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
              <th scope="col" class="number">
                {words.took}
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.assignment_id}>
                <td>
                  <a class="mono" href={hrefOf(['tasks', run.task_id])}>
                    {run.task_id}
                  </a>
                </td>
                <td>{run.worker_id}</td>
                <td>{run.model ?? '–'}</td>
                <td>{run.type}</td>
                <td>{run.priority}</td>
                <td>{words.endings[run.status] ?? run.status}</td>
                <td>{timeOf(run.started_at)}</td>
                <td class="number">{spanOf(run)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </details>
  );
}
