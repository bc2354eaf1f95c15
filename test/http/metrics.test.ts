import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/actors/execution.ts';
import type { Config } from '../../src/config/settings.ts';
import { createApp } from '../../src/http/app.ts';
import type { Fact } from '../../src/machines/facts.ts';
import { assignmentId, workerId } from '../../src/machines/identifiers.ts';
import { failed, noUsage, type Outcome, retry } from '../../src/machines/outcome.ts';
import type { Runtime } from '../../src/runtime.ts';
import { taskIdOf } from '../support/pool-samples.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { type RestClient, setupRest } from '../support/rest-client.ts';
import { spec, succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { Workshop } from '../support/workshop.ts';

/** A scrape: the value of each series under its name and labels, as they are written. */
type Scrape = ReadonlyMap<string, number>;

const line = /^(koubou_\w+(?:\{(?:\w+="(?:[^"\\]|\\.)*",?)*\})?) (\S+)$/;

function parse(text: string): Scrape {
  const scrape = new Map<string, number>();
  for (const written of text.split('\n')) {
    if (written === '' || written.startsWith('# HELP koubou_') || written.startsWith('# TYPE koubou_'))
      continue;
    const [, series = '', value] = line.exec(written) ?? [];
    expect([written, series !== '', scrape.has(series)]).toEqual([written, true, false]);
    scrape.set(series, Number(value));
  }
  return scrape;
}

async function scrapeOf(rest: RestClient): Promise<Scrape> {
  const { status, body } = await rest.get('/metrics');
  expect(status).toBe(200);
  return parse(body);
}

function seriesOf(scrape: Scrape, metric: string): Record<string, number> {
  return Object.fromEntries([...scrape].filter(([series]) => series.startsWith(`${metric}{`)));
}

function sum(values: Record<string, number>): number {
  return Object.values(values).reduce((total, value) => total + value, 0);
}

/** Publishes what seldom happens by itself. */
function tell(runtime: Runtime, fact: Fact): void {
  runtime.stream.publish([{ seq: 0, atMs: 0, fact }]);
}

function counted(output: string, outputTokens: number): Outcome {
  return { kind: 'succeeded', output, usage: { ...noUsage, promptTokens: 7, outputTokens } };
}

function completed(n: number, worker: string, model: string): Fact {
  return {
    type: 'task.completed',
    taskId: taskIdOf(n),
    assignmentId: assignmentId(n),
    workerId: workerId(worker),
    model,
    output: '',
    usage: { ...noUsage, outputTokens: 1 },
    elapsedMs: 1,
  };
}

/** Answers what the prompt asks for; "again" fails once. */
function obedient(): Backend {
  let again = 0;
  return async ({ prompt }) => {
    if (prompt === 'bad') return failed('input.refused', 'no');
    if (prompt === 'again' && ++again === 1) return retry('backend.busy', 'not now');
    return counted('done', 5);
  };
}

test('what is counted is what the history says', async () => {
  const rest = await setupRest({ workers: [{}, {}], backend: obedient() });
  const { runtime } = rest;
  const prompts = ['good', 'bad', 'again', 'good', 'bad', 'good'];
  const { taskIds } = await runtime.delegate(prompts.map((prompt) => spec({ prompt })));
  const later = await runtime.delegate([spec({ runAtMs: Date.now() + 600_000, taskType: 'analysis' })]);
  for (const id of later.taskIds) await runtime.cancel(id);
  for (const id of taskIds) await runtime.wait(id, 5_000);

  const scrape = await scrapeOf(rest);
  const types = runtime.history(0, 1_000).map(({ type }) => type);
  const inHistory = (type: string) => types.filter((each) => each === type).length;
  const ended = (status: string) =>
    Object.entries(seriesOf(scrape, 'koubou_tasks_ended_total')).filter(([series]) =>
      series.includes(`status="${status}"`),
    );
  for (const status of ['completed', 'failed', 'cancelled']) {
    expect([status, sum(Object.fromEntries(ended(status)))]).toEqual([status, inHistory(`task.${status}`)]);
  }
  expect(inHistory('task.completed')).toBe(4);
  expect(ended('cancelled')).toEqual([
    ['koubou_tasks_ended_total{type="analysis",status="cancelled",worker=""}', 1],
  ]);
  expect(seriesOf(scrape, 'koubou_tasks_accepted_total')).toEqual({
    'koubou_tasks_accepted_total{type="general"}': 6,
    'koubou_tasks_accepted_total{type="analysis"}': 1,
  });
  expect(seriesOf(scrape, 'koubou_task_retries_total')).toEqual({
    'koubou_task_retries_total{code="backend.busy"}': 1,
  });
  expect(sum(seriesOf(scrape, 'koubou_output_tokens_total'))).toBe(4 * 5);
  expect(sum(seriesOf(scrape, 'koubou_prompt_tokens_total'))).toBe(4 * 7);
  expect(scrape.get('koubou_task_wait_seconds_count')).toBe(6);
  expect(sum(seriesOf(scrape, 'koubou_task_run_seconds_count'))).toBe(4);
  expect(scrape.get('koubou_journal_commit_seconds_count')).toBeGreaterThan(0);
  // Each fact is written once, and signs of life besides.
  expect(scrape.get('koubou_journal_commit_entries_sum')).toBeGreaterThanOrEqual(types.length);
});

describe('a scrape while nothing has happened', () => {
  test('is in the format of Prometheus, and says that nothing waits', async () => {
    const rest = await setupRest();
    const { headers, body } = await rest.get('/metrics');
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const scrape = parse(body);
    for (const metric of ['koubou_queue_depth', 'koubou_queue_oldest_age_seconds']) {
      expect([metric, Object.values(seriesOf(scrape, metric))]).toEqual([metric, Array(10).fill(0)]);
    }
    expect(scrape.get('koubou_late_reports_total')).toBe(0);
    expect(scrape.get('koubou_worker_slots_used{worker="worker_1"}')).toBe(0);
    expect(sum(seriesOf(scrape, 'koubou_workers'))).toBe(1);
    expect(Object.values(seriesOf(scrape, 'koubou_breaker_state'))).toEqual([0]);
  });

  test('says nothing of predictions, and of the process what there is', async () => {
    const scrape = await scrapeOf(await setupRest());
    expect([...scrape.keys()].filter((series) => series.startsWith('koubou_prediction'))).toEqual([]);
    expect(scrape.get('koubou_process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(scrape.has('koubou_nodejs_eventloop_lag_p99_seconds')).toBe(true);
  });
});

test('times are those of the clock, in seconds', async () => {
  const shop = new Workshop();
  const slow: Backend = async (_job, { onText }) => {
    await new Promise<void>((wake) => void shop.clock.setTimeout(wake, 3_000));
    onText('');
    onText('first');
    await new Promise<void>((wake) => void shop.clock.setTimeout(wake, 17_000));
    onText('second');
    return succeeded('first second');
  };
  await shop.open({ backend: slow });
  const rest = createApp(shop.runtime, { error: () => undefined });
  const scrape = async () => parse(await (await rest.request('/metrics')).text());
  await shop.delegate(2, { priority: 7 });
  await shop.clock.advance(5_000);
  const younger = await shop.delegateOne({ priority: 7 });
  await shop.clock.advance(5_000);

  const early = await scrape();
  expect(early.get('koubou_queue_depth{priority="7"}')).toBe(2);
  expect(early.get('koubou_queue_oldest_age_seconds{priority="7"}')).toBeCloseTo(10, 1);
  expect(early.get('koubou_worker_slots_used{worker="worker_1"}')).toBe(1);
  expect(early.get('koubou_first_token_seconds_sum')).toBeCloseTo(3, 1);

  await shop.drive(shop.runtime.cancel(younger));
  await shop.clock.advance(31_000);
  const late = await scrape();
  expect(late.get('koubou_queue_oldest_age_seconds{priority="7"}')).toBe(0);
  expect(late.get('koubou_task_wait_seconds_sum')).toBeCloseTo(20, 1);
  expect(late.get('koubou_first_token_seconds_sum')).toBeCloseTo(6, 1);
  expect(late.get('koubou_first_token_seconds_count')).toBe(2);
  expect(late.get('koubou_task_run_seconds_sum{worker="worker_1"}')).toBeCloseTo(40, 1);
});

test('how good predictions were is told once there were any', async () => {
  const shop = new Workshop();
  await shop.open();
  await shop.learn(6);
  const scrape = parse(await shop.runtime.metrics.text());
  expect(scrape.get('koubou_prediction_error{statistic="median"}')).toBeCloseTo(0, 1);
  expect(scrape.get('koubou_prediction_within_p90_ratio')).toBe(
    shop.runtime.poolView().prediction.duration?.within_p90,
  );
});

test('an open breaker is 2', async () => {
  const rest = await setupRest({ backend: async () => retry('backend.unreachable', 'refused') });
  await rest.runtime.delegate(Array.from({ length: 20 }, () => spec()));
  await until(() => expect(rest.runtime.worker('worker_1').breaker).toBe('open'));
  expect(Object.values(seriesOf(await scrapeOf(rest), 'koubou_breaker_state'))).toEqual([2]);
});

test('lost leases and late reports are counted', async () => {
  const rest = await setupRest();
  const lease = { taskId: taskIdOf(1), assignmentId: assignmentId(1), workerId: workerId('worker_1') };
  const failure = { code: 'worker.lost', message: 'gone' } as const;
  tell(rest.runtime, { type: 'task.retried', ...lease, failure, delayMs: 0, failures: 0, fallbacks: 0 });
  tell(rest.runtime, { type: 'worker.reported_late', ...lease, outcome: 'succeeded' });
  const scrape = await scrapeOf(rest);
  expect(scrape.get('koubou_leases_lost_total')).toBe(1);
  expect(scrape.get('koubou_late_reports_total')).toBe(1);
});

test('an answer from the cache took no time of a worker, and none of its tokens', async () => {
  const usage = { ...noUsage, outputTokens: 5, doneReason: 'cached' };
  const rest = await setupRest({ backend: async () => ({ kind: 'succeeded', output: 'known', usage }) });
  const { taskIds } = await rest.runtime.delegate([spec()]);
  for (const id of taskIds) await rest.runtime.wait(id, 5_000);
  const scrape = await scrapeOf(rest);
  expect(sum(seriesOf(scrape, 'koubou_tasks_ended_total'))).toBe(1);
  expect(seriesOf(scrape, 'koubou_task_run_seconds_count')).toEqual({});
  expect(seriesOf(scrape, 'koubou_output_tokens_total')).toEqual({});
});

describe('labels are bounded', () => {
  test('a thousand types that nobody configured are one', async () => {
    const puppet = new PuppetBackend();
    const rest = await setupRest({ backend: puppet.backend });
    await rest.runtime.pause();
    const invented = Array.from({ length: 1_000 }, (_, n) => spec({ taskType: `invented_${n}` }));
    const { taskIds } = await rest.runtime.delegate([...invented, spec()]);
    await rest.runtime.cancel(taskIds[0] ?? taskIdOf(1));
    const scrape = await scrapeOf(rest);
    expect(seriesOf(scrape, 'koubou_tasks_accepted_total')).toEqual({
      'koubou_tasks_accepted_total{type="other"}': 1_000,
      'koubou_tasks_accepted_total{type="general"}': 1,
    });
    expect(seriesOf(scrape, 'koubou_tasks_ended_total')).toEqual({
      'koubou_tasks_ended_total{type="other",status="cancelled",worker=""}': 1,
    });
    expect(scrape.get('koubou_queue_depth{priority="5"}')).toBe(1_000);
  });

  test('the models of a worker are 32 and others', async () => {
    const rest = await setupRest();
    for (let n = 1; n <= 100; n += 1) tell(rest.runtime, completed(n, 'worker_1', `model_${n}`));
    const series = seriesOf(await scrapeOf(rest), 'koubou_output_tokens_total');
    expect(Object.keys(series)).toHaveLength(33);
    expect(series['koubou_output_tokens_total{worker="worker_1",model="other"}']).toBe(68);
  });

  test('workers that are not of the pool are one', async () => {
    const rest = await setupRest();
    for (let n = 1; n <= 100; n += 1) tell(rest.runtime, completed(n, `stranger_${n}`, `model_${n}`));
    expect(seriesOf(await scrapeOf(rest), 'koubou_output_tokens_total')).toEqual({
      'koubou_output_tokens_total{worker="other",model="other"}': 100,
    });
  });

  test('a worker that retires takes its series along', async () => {
    let config: Config | undefined;
    const without = (now: Config) => ({ ...now, workers: now.workers.slice(0, 1) });
    const rest = await setupRest({
      workers: [{}, { endpointUrl: 'http://elsewhere:11434' }],
      backend: async () => counted('done', 5),
      reread: () => without(config as Config),
    });
    config = rest.runtime.config;
    const { taskIds } = await rest.runtime.delegate(Array.from({ length: 20 }, () => spec()));
    for (const id of taskIds) await rest.runtime.wait(id, 5_000);
    const named = async () =>
      [...(await scrapeOf(rest)).keys()].filter((series) => series.includes('worker="worker_2"'));
    expect((await named()).length).toBeGreaterThan(10);
    const servers = async () => Object.keys(seriesOf(await scrapeOf(rest), 'koubou_breaker_state'));
    expect(await servers()).toHaveLength(2);
    await rest.runtime.reload();
    await until(() => expect(rest.runtime.workers()).toHaveLength(1));
    expect(await named()).toEqual([]);
    expect(await servers()).toHaveLength(1);
    expect(sum(seriesOf(await scrapeOf(rest), 'koubou_tasks_ended_total'))).toBeGreaterThan(0);
  });
});

describe('each runtime has figures of its own', () => {
  test('what one counts is not told by another', async () => {
    const [busy, idle] = [await setupRest(), await setupRest()];
    const { taskIds } = await busy.runtime.delegate([spec()]);
    for (const id of taskIds) await busy.runtime.wait(id, 5_000);
    expect(sum(seriesOf(await scrapeOf(busy), 'koubou_tasks_ended_total'))).toBe(1);
    expect(seriesOf(await scrapeOf(idle), 'koubou_tasks_ended_total')).toEqual({});
  });

  test('they end with it; those of the process stay', async () => {
    const rest = await setupRest();
    await rest.runtime.close();
    const scrape = await scrapeOf(rest);
    expect([...scrape.keys()].filter((series) => !/^koubou_(process|nodejs)_/.test(series))).toEqual([]);
    expect(scrape.size).toBeGreaterThan(0);
  });
});

test('figures are for those who have the token', async () => {
  const rest = await setupRest({ change: (config) => ({ ...config, apiToken: 'secret' }) });
  expect((await rest.get('/metrics')).status).toBe(401);
  expect((await rest.get('/metrics', { authorization: 'Bearer secret' })).status).toBe(200);
});
