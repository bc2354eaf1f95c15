import { DurationBook, durationsNow } from '../../dist/machines/duration-book.js';
import { forecast, forecastTasksMax } from '../../dist/machines/forecast.js';
import { PredictionError } from '../../dist/machines/prediction-error.js';
import { adjustedFactors } from '../../dist/machines/speed.js';
import { quantile } from '../report/statistics.mjs';
import { mixed, oneKind, PredictedWorld, workers } from './predicted-world.mjs';

/**
 * How near the forecast comes: a synthetic world of two workers, one of which takes 233 s for what the other does in
 * 30, works off what arrives, in the pool's own order and by its own routing. When a task is delegated its finish is
 * predicted, and then compared with what the world really does. The worlds differ by their seeds and are never looked
 * at by the forecast, which knows what it has learned from ended runs.
 *
 * Beside it the same forecast that is told the true distribution of every duration: the rest of its error is chance.
 *
 * @param {{ seeds: number, tasks: number, forecasts: number }} plan
 */
export function measurePrediction({ seeds, tasks, forecasts }) {
  const worlds = {};
  for (const [name, load] of Object.entries({ 'one kind': oneKind, mixed })) {
    for (const knows of ['learned', 'told']) {
      const summaries = [];
      for (let seed = 1; seed <= seeds; seed += 1) summaries.push(inOneWorld(seed, load, tasks, knows));
      worlds[`${name}, ${knows}`] = {
        medianError: spread(summaries.map(({ medianError }) => medianError)),
        withinP90: spread(summaries.map(({ withinP90 }) => withinP90)),
        bias: spread(summaries.map(({ bias }) => bias)),
      };
    }
  }
  return {
    seeds,
    tasks,
    errorMedianMax: 0.25,
    worlds,
    costs: costs(forecasts),
    speeds: correctedSpeeds(seeds),
  };
}

function spread(values) {
  return { min: Math.min(...values), median: quantile(values, 0.5), max: Math.max(...values) };
}

/** 50 runs of each kind are learned first; then every finish is predicted at the moment of its delegation. */
function inOneWorld(seed, load, tasks, knows) {
  const book = bookOfFactors(workers);
  const error = new PredictionError();
  const world = new PredictedWorld(seed, load, (run) => book.learn(run));
  world.play(50 * load.kinds.length);
  const predicted = new Map();
  world.play(tasks, {
    delegated: (task, now) => {
      const durationsOf = knows === 'told' ? (kind) => world.truth(kind) : durationsNow(book);
      const { predictions } = forecast({
        nowMs: now,
        slots: world.slots(durationsOf),
        leasesMax: 100,
        queue: world.queue(durationsOf),
        prefers: 'less load',
      });
      predicted.set(task, { at: now, finish: predictions.get(task).finish });
    },
    ended: (task, now) => {
      const { at, finish } = predicted.get(task) ?? {};
      if (finish !== undefined) error.note({ p50Ms: finish.p50Ms - at, p90Ms: finish.p90Ms - at }, now - at);
    },
  });
  return error.summary();
}

function bookOfFactors(specs) {
  const book = new DurationBook();
  book.setFactors(specs.map(({ workerId, performanceFactor }) => [workerId, performanceFactor]));
  return book;
}

/** Factors that say that both are alike, corrected five times after 2,000 runs: how far their ratio is from the true one. */
function correctedSpeeds(seeds) {
  const errors = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const book = bookOfFactors([]);
    new PredictedWorld(seed, mixed, (run) => book.learn(run)).play(2_000);
    let factors = new Map(workers.map(({ workerId }) => [workerId, 1]));
    for (let round = 0; round < 5; round += 1) factors = adjustedFactors(book.medians(), factors);
    const [fast, slow] = workers.map(({ workerId }) => factors.get(workerId));
    const [trueFast, trueSlow] = workers.map(({ performanceFactor }) => performanceFactor);
    errors.push(Math.abs(slow / fast / (trueSlow / trueFast) - 1));
  }
  return spread(errors);
}

function costs(forecasts) {
  const book = bookOfFactors([]);
  const names = Array.from({ length: 16 }, (_, at) => `worker-${at}`);
  const types = ['general', 'code_generation', 'code_review', 'translation'];
  const runAt = (at) => ({
    workerId: names[at % 16],
    model: null,
    taskType: types[(at >> 4) % 4],
    promptChars: 100 << (at % 7),
    durationMs: (1 + 3 * (at % 3)) * (20_000 + ((at * 7_919) % 20_000)),
  });
  const learnMicros = timed(20_000, (at) => book.learn(runAt(at)));
  const estimateMicros = timed(20_000, (at) => book.estimate(runAt(at)));
  const slots = names.flatMap((workerId) =>
    [1, 2, 3, 4].map((nth) => ({ workerId, freeIn: { meanMs: nth * 4_000, varianceMs2: 1e6 } })),
  );
  const classes = [0, 1, 2, 3, 4].map((skip) => ({
    tiers: [slots.map((_, at) => at).filter((at) => skip === 0 || at % 5 !== skip)],
  }));
  const times = [];
  for (let turn = 0; turn < forecasts; turn += 1) {
    const startedAt = performance.now();
    const durationsOf = durationsNow(book);
    const queue = Array.from({ length: forecastTasksMax }, (_, key) => ({
      key,
      routeClass: classes[key % classes.length],
      durations: durationsOf(runAt(key)),
    }));
    forecast({ nowMs: 0, slots, leasesMax: 100, queue, prefers: 'less load' });
    times.push(performance.now() - startedAt);
  }
  return { learnMicros, estimateMicros, forecastMs: quantile(times.slice(forecasts >> 1), 0.5) };
}

function timed(times, act) {
  const startedAt = performance.now();
  for (let at = 0; at < times; at += 1) act(at);
  return ((performance.now() - startedAt) * 1_000) / times;
}
