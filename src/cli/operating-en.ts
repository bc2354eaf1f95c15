import type { Refusal } from '../machines/placement.ts';

/** What the commands for operating the pool say, in English; the catalogue takes it in as `operating`. */
export const operatingEnglish = {
  help: {
    pause: 'hand out no more tasks; they are accepted and wait, also after a restart',
    resume: 'hand out tasks again',
    reload: 'take over what the configuration files say now, as a whole or not at all',
    pool: 'show the pool at a glance: what runs and waits, servers, machines',
    showWorker: 'show all that is known of one worker',
    drain: 'give a worker no more tasks; those that it has may end',
    waitDrained: 'come back when the last of its tasks has ended',
    rest: 'keep a worker in reserve until the load asks for it',
    resumeWorker: 'give a worker tasks again: one that was drained, rests, or was quarantined',
    resetWorker: 'call the server of a worker again at once, although it kept failing',
    failed:
      'instead of ids: all failed tasks that were not tried again yet; the options below narrow it down',
    ofType: 'only tasks of this type',
    ofWorker: 'only those that this worker had last',
    ofCode: "only those that failed with this code, or with a group of codes: 'backend.*'",
    since: 'only those that ended since then: 90s, 15m, 2h, 3d, or a date and time',
    until: 'only those that had ended by then',
    retryLimit: (count: number) => `so many at most, the oldest first (default: ${count})`,
    dryRun: 'only show which',
    yes: 'do not ask',
    why: 'show why each attempt went to the worker that had it, and not to another',
    noDemo: 'with the models that are configured, although the server that runs is a demo',
  },
  fields: {
    configuration: 'CONFIGURATION',
    leases: 'RUNNING',
    durations: 'PREDICTED RUNS',
    finishes: 'PREDICTED ENDS',
    admission: 'ADMISSION',
    breaker: 'BREAKER',
    slots: 'SLOTS',
    loaded: 'LOADED',
    server: 'SERVER',
    host: 'MACHINE',
    memory: 'MEMORY',
    types: 'TYPES',
    capabilities: 'TAKES',
    attempt: 'ATTEMPT',
    rule: 'RULE',
    result: 'RESULT',
    load: 'LOAD',
    expected: 'EXPECTED',
    warmth: 'ITS MODEL',
    verdict: 'VERDICT',
  },
  any: 'all',
  of: (used: number, all: number) => `${used} of ${all}`,
  prediction: (error: string, within: string, runs: number) =>
    `off by ${error} (median); ${within} kept to what was said for 90 %; last ${runs}`,
  paused: 'Tasks are accepted and wait; what runs goes on. To hand out again: koubou resume',
  resumed: 'Tasks are handed out.',
  reloaded: (version: number, changes: number) =>
    `Configuration ${version} is in force; changed settings: ${changes}.`,
  nothingChanged: 'The files say what is in force already; nothing has changed.',
  needsRestart: (changes: number) =>
    `Settings that change at the next start only: ${changes}. For that: koubou restart`,
  reloadRefused: 'The configuration was not taken over; the server goes on with the former one:',
  leftAlone: (worker: string, detail: string) =>
    `${worker}: its server keeps failing and is left alone for a while: ${detail}`,
  resetAdvice: 'To call it at once: koubou workers reset ID',
  quarantined: (worker: string) =>
    `${worker} is quarantined: its actor crashed again and again. See: koubou logs ${worker}   Then: koubou workers resume ${worker}`,
  draining: (worker: string, running: number) => `${worker} drains; tasks that still run: ${running}`,
  notDrained: (worker: string, admission: string) =>
    `${worker} does not drain any more: it is ${admission}, since somebody has asked for that.`,
  whichTasks: 'Name tasks, or use --failed.',
  idsOrFilter: 'Name tasks, or choose them with --failed and what narrows it down; not both.',
  filterWithoutFailed: (option: string) => `${option} narrows down --failed; give that too.`,
  moment: 'a time ago (90s, 15m, 2h, 3d) or a date and time (2026-11-22T10:15)',
  noneFound: 'No task is to be tried again.',
  found: (chosen: number, found: number, isWhole: boolean) =>
    chosen === found && isWhole
      ? `Failed tasks to be tried again: ${found}`
      : `Failed tasks to be tried again: the ${chosen} oldest of ${isWhole ? '' : 'at least '}${found}`,
  question: (chosen: number) => `Try ${chosen} tasks again? [y/N] `,
  yesWords: 'y yes',
  notAsked: 'There is nobody to ask: --yes does it, --dry-run only shows which.',
  notRetried: 'Nothing was done.',
  retried: (tasks: number, found: number, isWhole: boolean) =>
    tasks === found && isWhole
      ? `Tried again: ${tasks}`
      : `Tried again: ${tasks} of ${isWhole ? '' : 'at least '}${found}; for the others, the same once more.`,
  noAttempts: (state: string) =>
    `No worker has been chosen for it (it is ${state}). What there is to choose from: koubou workers; what is before it: koubou pool`,
  attemptOf: (attempt: number, worker: string, model: string) =>
    `Attempt ${attempt}: ${worker}, model ${model}`,
  ruleOf: (rule: string, version: number) => `${rule} (configuration ${version})`,
  passedOver: (task: string) =>
    `It went first although it was the turn of ${task}: its model was in memory, that of the other was not.`,
  attemptStates: {
    active: 'still running',
    completed: 'completed',
    failed: 'failed',
    retried: 'ended without a result; the task was to be tried again',
    cancelled: 'cancelled',
    released: 'taken back; the task waited again',
  },
  after: (result: string, span: string) => `${result} after ${span}`,
  tokens: (count: number) => `${count} tokens written`,
  chosen: 'chosen',
  warmths: {
    loaded: 'in memory',
    fits: 'to be loaded',
    swap: 'to be loaded in place of another',
  },
  refusals: {
    'not preferred': 'the rule does not name it',
    incapable: 'does not take this type of task',
    'too small': 'its context is too small for the prompt',
    'lacks the model': 'does not have the model',
    'not alive': 'did not answer',
    draining: 'was being drained',
    quarantined: 'was quarantined, its actor had kept crashing',
    'endpoint is failing': 'its server kept failing and was left alone',
    standby: 'was in reserve',
    full: 'all its slots were busy',
    'host full': 'its machine had as many tasks as it may',
    'host memory': 'the memory of its machine had no room for the model',
    'host kept': 'its machine was kept for a task that came before',
    'less suitable': 'could have taken it; the chosen one suited better',
  } satisfies Record<Refusal, string>,
};
