import { median } from './statistics.mjs';

/**
 * What each system showed in one round, by the name of the figure.
 *
 * @typedef {Readonly<Record<string, Readonly<Record<string, number>>>>} Round
 *
 * @typedef {object} Goal
 * @property {string} text
 * @property {(round: Round) => number} of the ratio, or for one that speaks of no other system the value
 * @property {number} [atLeast]
 * @property {number} [atMost]
 * @property {boolean} [isFar] beyond what is promised
 */

/** Below this two figures of this machine are the same: what comes between is noise. */
const noise = 1.25;

const over = (ours, theirs) => (round) => round.koubou?.[ours] / round[theirs[0]]?.[theirs[1]];

/** @type {readonly Goal[]} */
const goals = [
  { text: 'drain at 100, to BullMQ', of: over('drain100', ['bullmq', 'drain100']), atLeast: 1.5 },
  { text: '… to plainjob', of: over('drain100', ['plainjob', 'drain100']), atLeast: 2 },
  { text: '… to graphile-worker', of: over('drain100', ['graphile-worker', 'drain100']), atLeast: 4 },
  { text: '… to pg-boss', of: over('drain100', ['pg-boss', 'drain100']), atLeast: 4 },
  {
    text: '… to graphile-worker with a local queue',
    of: over('drain100', ['graphile-worker-batches', 'drain100']),
    atLeast: 1,
    isFar: true,
  },
  {
    text: '… to pg-boss in batches',
    of: over('drain100', ['pg-boss-batches', 'drain100']),
    atLeast: 1,
    isFar: true,
  },
  { text: '… to the lower bound', of: over('drain100', ['lower-bound', 'drain100']), atLeast: 0.18 },
  {
    text: 'sync over HTTP, 64 connections, to the lower bound',
    of: over('httpPerSecond', ['lower-bound', 'httpPerSecond']),
    atLeast: 0.4,
  },
  {
    text: '… to Restate, 1 partition',
    of: over('httpPerSecond', ['restate-1', 'httpPerSecond']),
    atLeast: 4,
  },
  {
    text: '… to Restate, 2 partitions',
    of: over('httpPerSecond', ['restate-2', 'httpPerSecond']),
    atLeast: 4,
  },
  {
    text: 'accepted over HTTP, 64 clients, to BullMQ’s add in its process',
    of: over('acceptMany', ['bullmq', 'enqueueMany']),
    atLeast: 1,
  },
  {
    text: 'accepted over HTTP in bulk, to graphile-worker’s addJobs in its process',
    of: over('acceptBulk', ['graphile-worker', 'enqueueBulk']),
    atLeast: 2,
  },
  {
    text: 'idle start p50, to BullMQ',
    of: over('idleStartP50Ms', ['bullmq', 'idleStartP50Ms']),
    atMost: 0.5,
  },
  {
    text: '… to plainjob and its 1 ms poll',
    of: over('idleStartP50Ms', ['plainjob', 'idleStartP50Ms']),
    atMost: 1,
    isFar: true,
  },
  {
    text: 'done over HTTP by a joined worker p50, to BullMQ’s done p50',
    of: over('joinedDoneP50Ms', ['bullmq', 'idleDoneP50Ms']),
    atMost: 1,
  },
  {
    text: 'memory with the backlog, to BullMQ’s Redis',
    of: over('backlogMemoryMb', ['bullmq', 'backlogServerMemoryMb']),
    atMost: 0.3,
  },
  {
    text: 'next start p50 beside the backlog, to our own without it',
    of: over('backlogStartP50Ms', ['koubou', 'besideNoneStartP50Ms']),
    atMost: 1.5,
  },
  {
    text: 'start on the backlog after a crash, to open doors (s)',
    of: (round) => round.koubou?.readyMs / 1_000,
    atMost: 5,
  },
];

/**
 * Each goal as the median of the ratios of the rounds. A figure that is missing makes it neither reached nor missed.
 *
 * @param {readonly Round[]} rounds
 * @param {readonly Goal[]} [wanted]
 */
export function judge(rounds, wanted = goals) {
  return wanted.map(({ text, of, atLeast, atMost, isFar = false }) => {
    const values = rounds.map(of).filter(Number.isFinite);
    const value = median(values);
    const limit = atLeast ?? atMost;
    const isReached = atLeast === undefined ? value <= limit : value >= limit;
    const isClose = Math.max(value / limit, limit / value) < noise;
    const verdict = values.length === 0 ? 'not measured' : isReached ? 'reached' : 'missed';
    const goal = `${atLeast === undefined ? '≤' : '≥'} ${limit}${isFar ? ' (far goal)' : ''}`;
    return { text, goal, value, values, verdict, isClose: values.length > 0 && isClose };
  });
}
