/** How much is measured beside the peers. The short one shows that everything runs; its figures mean little. */
export const peersPlans = {
  full: {
    rounds: 4,
    backlogTasks: 1_000_000,
    quiet: { othersCoresMax: 0.3, attempts: 3, waitMsMax: 10_000 },
    enqueue: { ms: 2_000, warmUpMs: 500 },
    drain: {
      tasks: { 1: 5_000, 10: 20_000, 100: 30_000 },
      warmUp: 5_000,
      maxMs: 15_000,
      fillMaxMs: 60_000,
    },
    latency: { warmUp: 200, samples: 400, gapMs: 4, maxMs: 30_000 },
    backlog: { fillMaxMs: 600_000, warmUp: 20, samples: 200, gapMs: 4, maxMs: 60_000 },
    http: { connections: 64, warmUpMs: 3_000, measureMs: 5_000 },
    joined: { warmUpMs: 1_500, measureMs: 4_000, gapMs: 4 },
    fsyncs: { samples: 200, tasks: 3_000, maxMs: 60_000 },
  },
  quick: {
    rounds: 1,
    backlogTasks: 5_000,
    quiet: { othersCoresMax: 0.3, attempts: 1, waitMsMax: 0 },
    enqueue: { ms: 200, warmUpMs: 50 },
    drain: { tasks: { 1: 100, 10: 300, 100: 1_000 }, warmUp: 50, maxMs: 3_000, fillMaxMs: 5_000 },
    latency: { warmUp: 5, samples: 20, gapMs: 1, maxMs: 3_000 },
    backlog: { fillMaxMs: 10_000, warmUp: 5, samples: 20, gapMs: 1, maxMs: 5_000 },
    http: { connections: 64, warmUpMs: 200, measureMs: 500 },
    joined: { warmUpMs: 200, measureMs: 500, gapMs: 1 },
    fsyncs: { samples: 10, tasks: 200, maxMs: 5_000 },
  },
};
