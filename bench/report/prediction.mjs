import { figure, table } from './table.mjs';

/** @param {ReturnType<typeof import('../measures/prediction.mjs').measurePrediction>} result */
export function printPrediction({ seeds, tasks, errorMedianMax, worlds, costs, speeds }) {
  console.log(
    `Expected finish of ${tasks} tasks in each of ${seeds} simulated worlds: lowest, median, highest`,
  );
  const rows = [['', '|error| p50 (%)', 'over by their p90 (%)', 'p50 too long by (%)', '']];
  for (const [name, { medianError, withinP90, bias }] of Object.entries(worlds)) {
    const verdict = medianError.median <= errorMedianMax ? 'reached' : 'missed';
    const goal = name.endsWith('learned') ? `≤ ${errorMedianMax * 100}, ${verdict}` : '';
    rows.push([name, percent(medianError), percent(withinP90), percent(bias), goal]);
  }
  console.log(`${table(rows)}\n`);
  const small = [
    ['', ''],
    ['learning a run (µs)', figure(costs.learnMicros)],
    ['an estimate (µs)', figure(costs.estimateMicros)],
    ['a forecast of 2,000 tasks on 64 slots (ms)', figure(costs.forecastMs)],
    ['ratio of two speeds, off by (%)', percent(speeds)],
  ];
  console.log(`${table(small)}\n`);
}

function percent({ min, median, max }) {
  return [min, median, max].map((share) => figure(share * 100, 0)).join(' ');
}
