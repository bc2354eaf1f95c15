import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import { askLogs } from './doors.ts';
import { language } from './language.ts';
import { onEvents } from './live-connection.ts';
import { Show } from './loading.tsx';
import { Flow } from './overview-flow.ts';
import { axisOf, type Palette, Plot } from './overview-plot.tsx';
import { overviewWords } from './overview-words.ts';
import { isEnding, useFollowed } from './polling.ts';
import { hrefOf } from './route.ts';
import { ScrollBox } from './scroll-box.tsx';
import { durationOf, numberOf, timeOf } from './time-words.ts';

interface Run {
  readonly task_id: string;
  readonly worker_id: string;
  readonly duration_ms: number | null;
  readonly ended_at: string | null;
}

const runsShown = 40;
/** Kept while the page is open, whichever part of it is shown. */
const flow = new Flow({ sinceMs: Date.now() });
onEvents((events) => flow.hear(events));

/** How long the last runs took, the newest on the right. */
export function DurationsCard() {
  const words = overviewWords.value;
  const runs = useFollowed(
    (signal) => askLogs<{ durations: readonly Run[] }>(`/api/metrics/durations?limit=${runsShown}`, signal),
    // Without an ending there is nothing new.
    { matters: isEnding, restMs: 2_000, everyMs: Number.POSITIVE_INFINITY },
  );
  return (
    <section class="card" aria-labelledby="durations-title">
      <h2 id="durations-title">{words.durations}</h2>
      <Show of={runs.state.value}>
        {({ durations }) =>
          durations.length === 0 ? <p class="muted">{words.noRuns}</p> : <Durations runs={durations} />
        }
      </Show>
    </section>
  );
}

function Durations({ runs }: { runs: readonly Run[] }) {
  const words = overviewWords.value;
  const pointed = useSignal<number | null>(null);
  const shown = useMemo(() => runs.toReversed(), [runs]);
  const data = useMemo<uPlot.AlignedData>(
    () => [shown.map((_, place) => place), shown.map(({ duration_ms }) => (duration_ms ?? 0) / 1_000)],
    [shown],
  );
  const longest = durationOf(Math.max(...shown.map(({ duration_ms }) => duration_ms ?? 0)));
  const run = pointed.value === null ? undefined : shown[pointed.value];
  const options = (palette: Palette) => ({
    scales: {
      y: { range: fromZero },
      x: {
        time: false,
        range: (_: uPlot, min: number, max: number) => [min - 0.6, max + 0.6] as [number, number],
      },
    },
    axes: [axisOf(palette, { show: false }), axisOf(palette, { size: 68, values: secondsOf })],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: {
      setCursor: [
        (plot: uPlot) => {
          pointed.value = plot.cursor.idx ?? null;
        },
      ],
    },
    series: [
      {},
      {
        stroke: palette.accent,
        fill: palette.accent,
        paths: uPlot.paths.bars?.({ size: [0.7, 48] }) as uPlot.Series.PathBuilder,
        points: { show: false },
      },
    ],
  });
  return (
    <>
      <Plot label={words.durationsOf(shown.length, longest)} data={data} options={options} />
      <p class="plot-note muted">
        {run === undefined
          ? words.durationsOf(shown.length, longest)
          : `${run.worker_id} · ${durationOf(run.duration_ms)} · ${timeOf(run.ended_at)}`}
      </p>
      <details>
        <summary>{words.asTable}</summary>
        <RunTable runs={runs} />
      </details>
    </>
  );
}

/** What is twice as much is twice as high. */
function fromZero(_: uPlot, __: number, max: number | null): [number, number] {
  return [0, max === null || max <= 0 ? 1 : max * 1.1];
}

/** Finer than some ms, a wait is none. */
function ofWait(_: uPlot, __: number, max: number | null): [number, number] {
  return [0, Math.max(0.1, (max ?? 0) * 1.1)];
}

function secondsOf(_: uPlot, splits: readonly number[]): string[] {
  return splits.map((seconds) => (seconds === 0 ? '0' : durationOf(seconds * 1_000)));
}

function RunTable({ runs }: { runs: readonly Run[] }) {
  const words = overviewWords.value;
  return (
    <ScrollBox kind="low" label={words.durations}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.task}</th>
            <th scope="col">{words.worker}</th>
            <th scope="col" class="number">
              {words.duration}
            </th>
            <th scope="col">{words.endedAt}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.task_id}>
              <td>
                <a href={hrefOf(['tasks', run.task_id])}>{run.task_id.slice(5, 20)}</a>
              </td>
              <td class="worker-name">{run.worker_id}</td>
              <td class="number">{durationOf(run.duration_ms)}</td>
              <td>{timeOf(run.ended_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

/** How much ends and begins, and how long it waits, as it happens. */
export function FlowCard() {
  const words = overviewWords.value;
  const series = useSignal(flow.series(Date.now()));
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') series.value = flow.series(Date.now());
    }, 2_000);
    return () => clearInterval(timer);
  }, []);
  const { at, endedPerMinute, acceptedPerMinute, waitSeconds } = series.value;
  const data = useMemo(
    () => [at, endedPerMinute, acceptedPerMinute, waitSeconds] as unknown as uPlot.AlignedData,
    [series.value],
  );
  const isEmpty = [...acceptedPerMinute, ...endedPerMinute].every((count) => !count);
  const options = (palette: Palette) => ({
    tzDate: (seconds: number) => new Date(seconds * 1_000),
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: true },
      y: { range: fromZero },
      wait: { range: ofWait },
    },
    axes: [
      axisOf(palette, { values: timesOf }),
      axisOf(palette, { size: 48 }),
      axisOf(palette, { scale: 'wait', side: 1, size: 68, values: secondsOf, grid: { show: false } }),
    ],
    series: [
      {},
      { stroke: palette.good, width: 2, points: { show: false } },
      { stroke: palette.accent, width: 1, dash: [4, 4], points: { show: false } },
      { stroke: palette.wait, width: 2, scale: 'wait', spanGaps: true, points: { show: true, size: 4 } },
    ],
  });
  return (
    <section class="card" aria-labelledby="flow-title">
      <h2 id="flow-title">{words.flow}</h2>
      <Plot label={words.flowOf(numberOf(endedPerMinute.at(-1)))} data={data} options={options} />
      <p class="plot-note muted">
        <span class="key good">{words.ended}</span> <span class="key accent">{words.accepted}</span>{' '}
        <span class="key wait">{words.wait}</span>
        {isEmpty && ` · ${words.flowEmpty}`}
      </p>
    </section>
  );
}

function timesOf(_: uPlot, splits: readonly number[]): string[] {
  return splits.map((seconds) =>
    new Date(seconds * 1_000).toLocaleTimeString(language.value, {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }),
  );
}
