import { median } from '../report/statistics.mjs';
import { figure } from '../report/table.mjs';
import { roster } from './roster.mjs';

/**
 * @typedef {object} Sheet
 * @property {string} title
 * @property {readonly (readonly [field: string, label: string])[]} columns
 */

/** @type {readonly Sheet[]} */
export const sheets = [
  {
    title: 'Enqueue, tasks/s, nothing being worked on',
    columns: [
      ['enqueueOne', 'one at a time'],
      ['enqueueMany', '64 callers'],
      ['enqueueBulk', '1,000 a call'],
      ['enqueueManyCpuMicros', 'CPU µs/task, 64 callers'],
      ['enqueueBulkCpuMicros', 'CPU µs/task, bulk'],
    ],
  },
  {
    title: 'Drain of tasks that do nothing, tasks/s at so many at once',
    columns: [
      ['drain1', '1'],
      ['drain10', '10'],
      ['drain100', '100'],
      ['drain1CpuMicros', 'CPU µs/task, 1'],
      ['drain100CpuMicros', 'CPU µs/task, 100'],
    ],
  },
  {
    title: 'One task at a time on an idle queue, ms',
    columns: [
      ['idleStartP50Ms', 'start p50'],
      ['idleStartP99Ms', 'start p99'],
      ['idleDoneP50Ms', 'done p50'],
      ['idleDoneP99Ms', 'done p99'],
      ['idleMemoryMb', 'memory after, MB'],
    ],
  },
  {
    title: 'The same for another kind of task beside a backlog',
    columns: [
      ['backlogTasks', 'tasks that wait'],
      ['besideNoneStartP50Ms', 'start p50 without'],
      ['backlogStartP50Ms', 'start p50'],
      ['backlogStartP99Ms', 'start p99'],
      ['backlogDoneP50Ms', 'done p50'],
      ['backlogDoneP99Ms', 'done p99'],
      ['backlogMemoryMb', 'memory, MB'],
      ['backlogServerMemoryMb', 'of it the server, MB'],
      ['readyMs', 'start after a crash, ms'],
    ],
  },
  {
    title: 'Over HTTP',
    columns: [
      ['httpPerSecond', 'sync, 64 connections, tasks/s'],
      ['httpP50Ms', 'p50, ms'],
      ['httpP99Ms', 'p99, ms'],
      ['httpCpuMicros', 'CPU µs/task'],
      ['acceptMany', 'accepted, 64 connections, tasks/s'],
      ['acceptBulk', 'accepted, 1,000 a call, tasks/s'],
      ['joinedDoneP50Ms', 'sync by a joined worker p50, ms'],
    ],
  },
  {
    title: 'fsyncs per task',
    columns: [
      ['fsyncsOne', 'one at a time'],
      ['fsyncsDrain', 'drain at 100'],
    ],
  },
];

/** @param {readonly import('../report/goals.mjs').Round[]} rounds */
function spreadOf(rounds, name, field) {
  const values = rounds.map((round) => round[name]?.[field] ?? Number.NaN).filter(Number.isFinite);
  return { value: median(values), low: Math.min(...values), high: Math.max(...values), count: values.length };
}

/** Rows of a sheet, without systems of which it knows nothing. */
export function rowsOf({ columns }, rounds) {
  const cell = (name, field) => {
    const { value, low, high, count } = spreadOf(rounds, name, field);
    if (count === 0) return '–';
    return count === 1 ? figure(value) : `${figure(value)} (${figure(low)}–${figure(high)})`;
  };
  const names = Object.keys(roster).filter((name) =>
    columns.some(([field]) => spreadOf(rounds, name, field).count > 0),
  );
  const rows = names.map((name) => [roster[name].label, ...columns.map(([field]) => cell(name, field))]);
  return [['', ...columns.map(([, label]) => label)], ...rows];
}

const panels = [
  ['drain100', 'Drain at 100 at once: tasks/s, more is better'],
  ['enqueueMany', 'Enqueue, 64 callers: tasks/s, more is better'],
  ['httpPerSecond', 'Sync over HTTP, 64 connections: tasks/s, more is better'],
  ['idleStartP50Ms', 'Start of a task on an idle queue, p50: ms, less is better'],
  ['backlogStartP50Ms', 'The same beside the backlog, p50: ms, less is better'],
  ['backlogMemoryMb', 'Memory with the backlog, servers included: MB, less is better'],
];

/** @returns {readonly import('../report/bars.mjs').Panel[]} */
export function panelsOf(rounds) {
  return panels
    .map(([field, title]) => ({
      title,
      bars: Object.keys(roster)
        .map((name) => ({
          label: roster[name].label,
          isOurs: name === 'koubou',
          ...spreadOf(rounds, name, field),
        }))
        .filter(({ count }) => count > 0),
    }))
    .filter(({ bars }) => bars.length > 0);
}
