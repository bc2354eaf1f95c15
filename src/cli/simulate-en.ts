/** What `koubou simulate` says, in English; the catalogue takes it in as `simulate`. */
export const simulateEnglish = {
  help: {
    simulate:
      'try a configuration on a simulated workshop: real decisions, virtual time, workers and clients',
    seed: 'names the run: the same seed gives the same run, to the byte (default: 1)',
    seeds: (max: number) => `run so many worlds, one for each seed from --seed on (1 to ${max})`,
    jobs: 'processes that share the seeds (default: 1)',
    hours: (max: number) => `virtual hours, up to ${max} (default: 24; 0.5 with --seeds)`,
    config: 'folder of the configuration to try (default: the one in use)',
    faults:
      'how much goes wrong: none, light, heavy, or swarm, which each seed draws for itself (default: none; swarm with --seeds)',
    perHour: 'tasks per hour (default: what keeps the workers busy for 70 % of the time)',
    replay:
      'take the load of that time from the database of this home: two moments, such as 24h..now or 2026-11-22T08:00..2026-11-22T20:00',
    script:
      'do these steps instead of drawing clients and faults, such as "delegate a general 5; advance 10; kill"',
    acts: 'of all that is drawn, let only these acts of clients, operators and the weather take place, such as "task 3; killsPerHour 0"',
    shrink: 'look for the few acts that break what this world breaks, and print a command for them',
    trace: 'print every fact and act instead of the report',
  },
  notHours: (max: number) => `Give hours above 0, ${max} at most.`,
  notSpan: (max: number) =>
    `Give two moments of the past with .. between, the earlier one first and at most ${max} hours apart: 24h..now, or 2026-11-22T08:00..2026-11-22T20:00.`,
  notTogether: (names: string) => `${names} exclude each other; choose one`,
  badScript: (why: string) => `${why}; docs/simulation.md lists the steps`,
  noRecord: (home: string) =>
    `there is no database in ${home}, so there is nothing to replay; set KOUBOU_HOME to the home of the server`,
  nothingRecorded: (from: string, to: string) =>
    `no task was accepted between ${from} and ${to}; choose another time (koubou report shows when there was work)`,
  seedsDone: (done: number, count: number) => `${done} of ${count} worlds`,
  seedsRan: (first: number, last: number, hours: string, tasks: number, cpu: string) =>
    `seeds ${first} to ${last}: ${hours} simulated hours, ${tasks} tasks, ${cpu} s of processor time`,
  pace: (hours: string, steps: string) =>
    `each second of it: ${hours} simulated hours, ${steps} events of the scheduler`,
  shareHeadings: ['WORLDS', 'REACHED'],
  allReached: (count: number) => `All ${count} rare situations were reached in at least 1 % of the worlds.`,
  notReached: (names: string) => `In less than 1 % of the worlds: ${names}`,
  seedsHold: (count: number) => `All invariants held in all ${count} worlds.`,
  seedHeadings: ['SEED', 'AT', 'INVARIANT', 'WHAT'],
  noWorkers: 'the configuration names no worker, so there is nothing to simulate; add one to workers.yaml',
  ran: (seed: number, hours: string, tasks: number, processes: number) =>
    `seed ${seed}: ${hours} h, ${tasks} tasks, ${processes} process starts`,
  outcome: (completed: number, failed: number, cancelled: number, open: number, perHour: string) =>
    `completed ${completed} (${perHour} per hour), failed ${failed}, cancelled ${cancelled}, not ended ${open}`,
  waits: 'From acceptance to the first worker, tasks for at once:',
  waitHeadings: ['PRIORITY', 'TASKS', 'MEDIAN', '95 %', 'LONGEST'],
  workers: 'Workers:',
  workerHeadings: ['WORKER', 'BUSY', 'RUNS', 'COMPLETED', 'LOADS', 'SWAPS'],
  faults: 'Faults:',
  faultHeadings: ['FAULT', 'FIRED'],
  reached: (reached: number, all: number) => `Rare situations: ${reached} of ${all} reached`,
  rareHeadings: ['REACHED', 'SITUATION'],
  unreached: (names: string) => `Not reached: ${names}`,
  shrinking: (runs: number, acts: number) => `${runs} worlds tried, ${acts} acts left`,
  nothingToShrink: (seed: number) => `seed ${seed}: all invariants held, so there is nothing to shrink`,
  shrunk: (acts: number, of: number, runs: number) =>
    `${acts} of ${of} acts are enough for it (${runs} worlds tried):`,
  mayShrink: 'With --shrink instead of --trace, the few acts that break it are looked for.',
  holds: (count: number) => `All ${count} invariants held.`,
  broken: (count: number) => `${count} violations; this is a bug in Koubou, please report it with the seed:`,
  violationHeadings: ['AT', 'INVARIANT', 'WHAT'],
};
