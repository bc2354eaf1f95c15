import type { Moment } from './actor-history.ts';
import type { MessageWords } from './actor-message-words.ts';

export const parties = ['client', 'pool', 'task', 'worker', 'backend'] as const;
export type Party = (typeof parties)[number];

/** What one said to another when something was recorded. */
export interface Message {
  readonly from: Party;
  readonly to: Party;
  readonly text: string;
  readonly moment: Moment;
}

type Line = readonly [from: Party, to: Party, text: string];

/** The messages behind facts, in their order. What was only seen live is among them by its fact. */
export function messagesOf(moments: readonly Moment[], words: MessageWords): readonly Message[] {
  return moments.flatMap((moment) =>
    moment.seq === null ? [] : linesOf(moment, words).map(([from, to, text]) => ({ from, to, text, moment })),
  );
}

function linesOf(moment: Moment, words: MessageWords): readonly Line[] {
  if (moment.name.startsWith('task.')) return linesOfTask(moment, words);
  if (moment.name.startsWith('worker.')) return linesOfWorker(moment, words);
  return linesOfPool(moment, words);
}

function linesOfTask({ name, detail, states }: Moment, words: MessageWords): readonly Line[] {
  const assignment = `#${detail['assignment_id']}`;
  const failure = String((detail['failure'] as { code?: string } | undefined)?.code ?? '');
  // Beside the record of another actor the states are that one's.
  const state = String(detail['to'] ?? states[0] ?? '');
  const back = (text: string): readonly Line[] => [
    ['backend', 'worker', text],
    ['worker', 'pool', `worker.settled ${assignment}`],
    ['pool', 'task', `task.settle → ${state}`],
  ];
  switch (name) {
    case 'task.accepted':
      return [
        ['client', 'pool', words.delegate(String(detail['task_type'] ?? ''))],
        ['pool', 'task', `→ ${state}`],
        ['pool', 'client', words.accepted],
      ];
    case 'task.assigned':
      return [
        ['pool', 'task', `task.assign ${assignment}`],
        ['task', 'pool', 'task.assigned'],
        ['pool', 'worker', `worker.run ${assignment}`],
        ['worker', 'backend', words.generate(String(detail['model'] ?? ''))],
      ];
    case 'task.retried':
      return back(failure);
    case 'task.completed':
      return [...back(words.answer(String(detail['chars']))), ['pool', 'client', words.completed]];
    case 'task.failed':
      if (detail['assignment_id'] !== null)
        return [...back(failure), ['pool', 'client', words.failed(failure)]];
      return [
        ['pool', 'task', `task.refuse ${failure}`],
        ['pool', 'client', words.failed(failure)],
      ];
    case 'task.reprioritized':
      return [
        ['client', 'pool', words.priority(String(detail['priority']))],
        ['pool', 'task', 'task.reprioritize'],
      ];
    case 'task.cancelled': {
      const stop: readonly Line[] =
        detail['assignment_id'] === null ? [] : [['pool', 'worker', `worker.stop ${assignment}`]];
      return [['client', 'pool', words.cancel], ['pool', 'task', 'task.cancel'], ...stop];
    }
    default:
      return [];
  }
}

function linesOfWorker({ name, detail }: Moment, words: MessageWords): readonly Line[] {
  const to = String(detail['to'] ?? '');
  const why = String(detail['detail'] ?? '');
  switch (name) {
    case 'worker.changed':
      if (/^its (?:actor|heartbeat) crashed/.test(why)) return [['worker', 'pool', words.crashed]];
      return [
        ['backend', 'worker', to === 'alive' ? words.answersBeat : words.noAnswer],
        ['worker', 'pool', `worker.noticed → ${to}`],
      ];
    case 'worker.readmitted':
      if (to === 'quarantined') return [['worker', 'pool', words.crashed]];
      // It was asked by the order before.
      if (to === 'drained') return [['worker', 'pool', `worker.admitted → ${to}`]];
      return [
        ...(why.startsWith('asked for')
          ? ([
              ['client', 'pool', words.ordered(to)],
              ['pool', 'worker', words.ordered(to)],
            ] as const)
          : ([['pool', 'worker', words.byLoad(to)]] as const)),
        ['worker', 'pool', `worker.admitted → ${to}`],
      ];
    case 'worker.enrolled':
      return [['worker', 'pool', words.comes]];
    case 'worker.retired':
      return [['worker', 'pool', words.leaves]];
    case 'worker.rated':
      return [['pool', 'worker', words.rated(to)]];
    case 'worker.reported_late':
      return [['worker', 'pool', words.late(`#${detail['assignment_id']}`)]];
    default:
      return [];
  }
}

/** Whose actor it is that an operator has sent an event to. */
const heardBy: Readonly<Record<string, Party>> = { task: 'task', worker: 'worker', endpoint: 'backend' };

function linesOfPool({ name, detail }: Moment, words: MessageWords): readonly Line[] {
  switch (name) {
    case 'endpoint.changed':
      return [['backend', 'pool', `endpoint.noticed → ${detail['to']}`]];
    case 'actor.signalled':
      return [['client', heardBy[String(detail['machine'])] ?? 'pool', String(detail['signal'])]];
    case 'pool.started':
      return [['pool', 'client', words.open(String(detail['waiting']))]];
    case 'pool.paused':
      return [['client', 'pool', words.pause]];
    case 'pool.resumed':
      return [['client', 'pool', words.resume]];
    case 'pool.draining': {
      const { leases } = detail;
      const awaited: Line = ['pool', 'worker', words.awaited(String(leases))];
      return [['client', 'pool', words.stop], ...(leases === 0 ? [] : [awaited])];
    }
    case 'pool.stopped':
      return [['pool', 'client', words.stopped]];
    case 'pool.reconfigured':
      return [
        ['client', 'pool', words.configured(String(detail['version']))],
        ['pool', 'worker', 'worker.configure'],
      ];
    case 'journal.resumed':
      return [['pool', 'client', words.writable]];
    default:
      return [];
  }
}
