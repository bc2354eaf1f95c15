import type { McpServer } from '@modelcontextprotocol/server';
import type { SuccessRate } from '../../db/success-rates.ts';
import type { WorkerView } from '../../runtime/worker-view.ts';
import type { McpPorts } from './mcp-ports.ts';
import { statsInput, statsSchema, workerInput, workersSchema } from './mcp-schemas.ts';
import { addTool, answer } from './mcp-tool.ts';
import { count } from './task-report.ts';
import { looks } from './watch-tools.ts';

const hourMs = 3_600_000;

/** Tools that look at the pool. */
export function poolTools(server: McpServer, ports: McpPorts): void {
  const { runtime, log } = ports;
  addTool(
    server,
    log,
    {
      name: 'koubou_get_worker_status',
      title: 'Look at the workers',
      description:
        'The workers of the pool: whether they are idle, busy or offline, what they run, on which model, and how many tasks they completed and failed. Ask before you delegate much, or when tasks do not start.',
      input: workerInput,
      output: workersSchema,
      annotations: looks,
    },
    ({ worker_id }) => {
      const workers = worker_id === undefined ? runtime.workers() : [runtime.worker(worker_id)];
      return answer({ workers }, workers.map(lineOf).join('\n') || 'The pool has no workers.');
    },
  );
  addTool(
    server,
    log,
    {
      name: 'koubou_get_system_stats',
      title: 'Look at the pool',
      description:
        'The pool at a glance: whether it runs, what waits, and for the last hours success rates (also by type of task), durations and tokens. It tells which kinds of work this pool does well, and how long a new task would wait.',
      input: statsInput,
      output: statsSchema,
      annotations: looks,
    },
    async ({ hours = 24 }) => {
      const stats = await systemStats(ports, hours * hourMs);
      return answer(stats, statsText(stats));
    },
  );
}

async function systemStats({ runtime, clock }: McpPorts, windowMs: number) {
  const window = { nowMs: clock.now(), windowMs };
  const [counts, summary, rates] = await Promise.all([
    runtime.list({ kind: 'counts' }),
    runtime.list({ kind: 'metrics', ...window }),
    runtime.list({ kind: 'successRates', ...window }),
  ]);
  const { pool, workers } = runtime.readiness();
  const { waiting, leases, prediction } = runtime.poolView();
  return {
    state: pool,
    workers,
    leases,
    tasks: counts,
    waiting,
    window: summary.window,
    success_rate: summary.success_rate,
    success_by_type: rates.types,
    durations: summary.durations,
    tokens: summary.tokens,
    prediction,
  };
}

function statsText(stats: Awaited<ReturnType<typeof systemStats>>): string {
  const { state, workers, tasks, window, success_rate, success_by_type, durations } = stats;
  const { p50_ms, p95_ms } = durations;
  const times =
    p50_ms === null || p95_ms === null
      ? 'no run'
      : `half of the runs took up to ${secondsOf(p50_ms)}, 95 of 100 up to ${secondsOf(p95_ms)}`;
  return [
    `The pool is ${state}: ${workers.alive} of ${count(workers.total, 'worker')} alive.`,
    `${tasks.pending} pending, ${tasks.in_progress} in progress.`,
    `Since ${window.since}: ${percent(success_rate)} of the tasks completed; ${times}.`,
    ...success_by_type.map((rate) => `- ${rate.type}: ${rateText(rate)}`),
  ].join('\n');
}

function rateText({ completed, failed, success_rate, mean_run_ms }: SuccessRate): string {
  const mean = mean_run_ms === null ? '' : `, ${secondsOf(mean_run_ms)} on average`;
  return `${percent(success_rate)} of ${completed + failed} completed${mean}`;
}

export function percent(rate: number | null): string {
  return rate === null ? 'none' : `${Math.round(rate * 1_000) / 10} %`;
}

export function secondsOf(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(durationMs < 10_000 ? 1 : 0)} s`;
}

function lineOf(worker: WorkerView): string {
  const { worker_id, status, admission, model, location, current_tasks, max_concurrent_tasks } = worker;
  const detail = worker.breaker_detail === '' ? '' : `; ${worker.breaker_detail}`;
  const taken = admission === 'active' ? '' : `, ${admission}`;
  return `${worker_id}: ${status}${taken}, ${current_tasks.length} of ${count(max_concurrent_tasks, 'slot')} in use, ${model ?? 'any model'}, ${location}; ${worker.tasks_completed} completed, ${worker.tasks_failed} failed${detail}`;
}
