import { parseArgs } from 'node:util';
import { peersPlans } from './peers/peers-plan.mjs';

/** How much is measured. The short one shows that everything runs; its figures mean little. */
const plans = {
  full: {
    rounds: 5,
    http: { connections: 64, warmUpMs: 3_000, measureMs: 5_000 },
    engine: { warmUp: 10_000, tasks: 30_000 },
    latency: { warmUp: 500, samples: 400, gapMs: 4 },
    fsyncs: { samples: 200, tasks: 5_000, http: { connections: 64, warmUpMs: 1_000, measureMs: 2_000 } },
    backlog: { tasks: 100_000, warmUp: 500, samples: 300, gapMs: 4 },
    dispatch: { tasks: 100_000, picks: 40_000 },
    prediction: { seeds: 9, tasks: 300, forecasts: 200 },
    fanout: [
      { clients: 1_000, facts: 480, perTurn: 1 },
      { clients: 1_000, facts: 480, perTurn: 8 },
    ],
    watching: [
      { clients: 200, perSecond: 100, ms: 20_000, batch: false },
      { clients: 1_000, perSecond: 100, ms: 20_000, batch: true },
    ],
  },
  quick: {
    rounds: 1,
    http: { connections: 64, warmUpMs: 200, measureMs: 500 },
    engine: { warmUp: 200, tasks: 1_000 },
    latency: { warmUp: 20, samples: 20, gapMs: 1 },
    fsyncs: { samples: 10, tasks: 200, http: { connections: 64, warmUpMs: 100, measureMs: 300 } },
    backlog: { tasks: 5_000, warmUp: 20, samples: 20, gapMs: 1 },
    dispatch: { tasks: 100_000, picks: 2_000 },
    prediction: { seeds: 5, tasks: 100, forecasts: 20 },
    fanout: [{ clients: 100, facts: 96, perTurn: 8 }],
    watching: [{ clients: 50, perSecond: 100, ms: 500, batch: true }],
  },
};

const parts = ['http', 'engine', 'latency', 'fsyncs', 'backlog', 'dispatch', 'prediction', 'fanout'];

export const usage = `usage: node bench/run.mjs [--quick] [--rounds N] [--only ${parts.join(',')}] [--profile FOLDER]

  --quick           a short run, which shows that everything works
  --rounds N        alternated rounds of each comparison (${plans.full.rounds})
  --only PARTS      some of the measurements
  --profile FOLDER  CPU profiles of the measured processes (http, engine, latency); they cost some speed

usage: node bench/run.mjs --peers [--quick] [--rounds N] [--backlog N] [--systems NAMES] [--trials NAMES]

  --peers           beside BullMQ, graphile-worker, pg-boss, plainjob, liteque and Restate, which it installs
  --rounds N        alternated rounds (${peersPlans.full.rounds})
  --backlog N       tasks that wait while latency is measured (${peersPlans.full.backlogTasks})
  --systems NAMES   some of them, like koubou,lower-bound,bullmq
  --trials NAMES    some of enqueue,drain,latency,http,accept,joined,backlog,fsyncs`;

/** @param {readonly string[]} args @throws TypeError on an unknown option */
export function planOf(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      profile: { type: 'string' },
      peers: { type: 'boolean', default: false },
      backlog: { type: 'string' },
      systems: { type: 'string' },
      trials: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const sizes = values.quick ? plans.quick : plans.full;
  const only = values.only?.split(',') ?? parts;
  for (const part of only)
    if (!parts.includes(part)) throw new TypeError(`there is no measurement "${part}"`);
  const rounds = count('--rounds', values.rounds ?? sizes.rounds);
  const nodeOptions = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const plan = { ...sizes, rounds, only, nodeOptions, help: values.help, isQuick: values.quick };
  return { ...plan, peers: values.peers ? peersPlanOf(values) : undefined };
}

function peersPlanOf({ quick, rounds, backlog, systems, trials }) {
  const sizes = quick ? peersPlans.quick : peersPlans.full;
  return {
    ...sizes,
    isQuick: quick,
    rounds: count('--rounds', rounds ?? sizes.rounds),
    backlogTasks: count('--backlog', backlog ?? sizes.backlogTasks),
    systems: systems?.split(','),
    trials: trials?.split(','),
  };
}

function count(option, text) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new TypeError(`${option} must be a whole number from 1`);
}
