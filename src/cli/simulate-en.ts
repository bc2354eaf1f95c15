/** What `koubou simulate` says, in English; the catalogue takes it in as `simulate`. */
export const simulateEnglish = {
  help: {
    simulate:
      'try a configuration on a simulated workshop: real decisions, virtual time, workers and clients',
    seed: 'names the run: the same seed gives the same run, to the byte (default: 1)',
    hours: (max: number) => `virtual hours, 1 to ${max} (default: 24)`,
    config: 'folder of the configuration to try (default: the one in use)',
    faults: 'how much goes wrong: none, light or heavy (default: none)',
    perHour: 'tasks per hour (default: what keeps the workers busy for 70 % of the time)',
    trace: 'print every fact and act instead of the report',
  },
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
  holds: (count: number) => `All ${count} invariants held.`,
  broken: (count: number) => `${count} violations; this is a bug in Koubou, please report it with the seed:`,
  violationHeadings: ['AT', 'INVARIANT', 'WHAT'],
};
