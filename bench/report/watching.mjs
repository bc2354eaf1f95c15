import { figure, table } from './table.mjs';

/** @param {readonly Awaited<ReturnType<typeof import('../measures/fanout.mjs').measureWatching>>[]} runs */
export function printWatching(runs) {
  const rows = [
    ['watchers', 'facts/s', 'cut off', 'unsent at most (KB)', 'RSS grown (MB)', 'latest fact (ms)'],
  ];
  for (const { clients, perSecond, lost, backlogMax, rssGrownMb, lateMs } of runs) {
    rows.push([clients, perSecond, lost, backlogMax / 1_024, rssGrownMb, lateMs].map(figure));
  }
  console.log(`A steady stream\n${table(rows)}\n`);
}
