import type { DiskFault } from './crash-store.ts';
import type { FaultName, OperatorAct } from './world-events.ts';

/** What may happen next in a scripted world. Tasks are named by whoever writes the script; times are in seconds. */
export type Step =
  | { readonly do: 'delegate'; readonly task: string; readonly priority: number; readonly taskType: string }
  /** The same request once more, under the same key. */
  | { readonly do: 'again'; readonly task: string }
  | { readonly do: 'cancel'; readonly task: string }
  | { readonly do: 'move'; readonly task: string; readonly priority: number }
  | { readonly do: 'fail'; readonly task: string; readonly how: AttemptFault }
  | { readonly do: 'advance'; readonly seconds: number }
  /** At once, or at the next commit. */
  | { readonly do: 'kill'; readonly where: 'now' | 'before' | 'within' | 'after' }
  | { readonly do: 'restart' }
  | { readonly do: 'order'; readonly act: OperatorAct; readonly worker: string }
  /** The files change to the n-th edit of them, and are read. */
  | { readonly do: 'reload'; readonly edit: number }
  | { readonly do: 'strike'; readonly worker: string; readonly how: 'crash' | 'cut' | 'overload' | 'mend' }
  | { readonly do: 'lose'; readonly worker: string; readonly beats: number }
  | { readonly do: 'disk'; readonly how: 'busy' | 'full' | 'broken'; readonly seconds: number }
  | { readonly do: 'jump'; readonly seconds: number }
  | { readonly do: 'sleep'; readonly seconds: number };

type AttemptFault = (typeof attemptFaults)[number];

/** How an attempt may be made to fail. */
const attemptFaults = [
  'error',
  'busy',
  'reset',
  'cut',
  'empty',
  'garbage',
  'hang',
  'slow',
  'oversize',
  'throws',
] as const;

const wheres = ['before', 'within', 'after'] as const;
const strikes = ['crash', 'cut', 'overload', 'mend'] as const;
const diskStates = ['busy', 'full', 'broken'] as const;

export const diskFaults = {
  busy: { code: 'SQLITE_BUSY', name: 'disk.busy' },
  full: { code: 'SQLITE_FULL', name: 'disk.full' },
  broken: { code: 'SQLITE_IOERR_WRITE', name: 'disk.io' },
} as const satisfies Readonly<Record<string, { code: DiskFault; name: FaultName }>>;

export function faultNameOf(how: AttemptFault): FaultName {
  return `attempt.${how}`;
}

const orders = {
  pause: 'pause',
  resume: 'resume',
  drain: 'worker.drain',
  rest: 'worker.rest',
  call: 'worker.resume',
  close: 'breaker.close',
} as const satisfies Readonly<Record<string, OperatorAct>>;

/** A step as it is written: one line. */
export function lineOf(step: Step): string {
  switch (step.do) {
    case 'delegate':
      return `delegate ${step.task} ${step.taskType} ${step.priority}`;
    case 'again':
    case 'cancel':
      return `${step.do} ${step.task}`;
    case 'move':
      return `move ${step.task} ${step.priority}`;
    case 'fail':
      return `fail ${step.task} ${step.how}`;
    case 'advance':
    case 'jump':
    case 'sleep':
      return `${step.do} ${step.seconds}`;
    case 'kill':
      return step.where === 'now' ? 'kill' : `kill ${step.where}`;
    case 'restart':
      return 'restart';
    case 'order': {
      const word = Object.entries(orders).find(([, act]) => act === step.act)?.[0] ?? step.act;
      return `${word} ${step.worker}`.trimEnd();
    }
    case 'reload':
      return `reload ${step.edit}`;
    case 'strike':
      return `${step.how} ${step.worker}`;
    case 'lose':
      return `lose ${step.worker} ${step.beats}`;
    case 'disk':
      return `disk ${step.how} ${step.seconds}`;
  }
}

/** A script as one line, for a command to copy. */
export function scriptOf(steps: readonly Step[]): string {
  return steps.map(lineOf).join('; ');
}

/**
 * Reads a script: steps on lines of their own, or between semicolons.
 *
 * @throws SyntaxError with the step that cannot be read
 */
export function stepsOf(script: string): readonly Step[] {
  return script
    .split(/[;\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const step = parse(line.split(/\s+/));
      if (step === undefined) throw new SyntaxError(`"${line}" is no step of a script`);
      return step;
    });
}

function parse([word = '', first = '', second, third]: readonly string[]): Step | undefined {
  const one = <T extends string>(list: readonly T[], text: string | undefined): T | undefined =>
    list.find((each) => each === text);
  switch (word) {
    case 'delegate': {
      const priority = priorityOf(third);
      if (second === undefined || priority === undefined) return undefined;
      return { do: 'delegate', task: first, taskType: second, priority };
    }
    case 'again':
    case 'cancel':
      return first === '' ? undefined : { do: word, task: first };
    case 'move': {
      const priority = priorityOf(second);
      return priority === undefined ? undefined : { do: 'move', task: first, priority };
    }
    case 'fail': {
      const how = one(attemptFaults, second);
      return how && { do: 'fail', task: first, how };
    }
    case 'advance':
    case 'sleep':
    case 'jump':
      return isSeconds(first, word === 'jump') ? { do: word, seconds: Number(first) } : undefined;
    case 'kill': {
      const where = first === '' ? 'now' : one(wheres, first);
      return where && { do: 'kill', where };
    }
    case 'restart':
      return { do: 'restart' };
    case 'reload':
      return /^\d$/.test(first) ? { do: 'reload', edit: Number(first) } : undefined;
    case 'lose':
      return /^\d{1,3}$/.test(second ?? '')
        ? { do: 'lose', worker: first, beats: Number(second) }
        : undefined;
    case 'disk': {
      const how = one(diskStates, first);
      if (how === undefined || !isSeconds(second ?? '', false)) return undefined;
      return { do: 'disk', how, seconds: Number(second) };
    }
    default: {
      const how = one(strikes, word);
      if (how !== undefined) return first === '' ? undefined : { do: 'strike', worker: first, how };
      const act = Object.entries(orders).find(([name]) => name === word)?.[1];
      return act && { do: 'order', act, worker: first };
    }
  }
}

function priorityOf(text: string | undefined): number | undefined {
  return /^([1-9]|10)$/.test(text ?? '') ? Number(text) : undefined;
}

/** At most four weeks; see `simulation-limits.ts`. */
function isSeconds(text: string, isSigned: boolean): boolean {
  return (isSigned ? /^-?\d{1,7}$/ : /^\d{1,7}$/).test(text);
}
