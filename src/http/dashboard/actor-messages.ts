import type { Moment } from './actor-history.ts';

export const parties = ['client', 'pool', 'task', 'worker', 'backend'] as const;
export type Party = (typeof parties)[number];

/** What one said to another when something was recorded of a task. */
export interface Message {
  readonly from: Party;
  readonly to: Party;
  readonly text: string;
  readonly moment: Moment;
}

type Line = readonly [from: Party, to: Party, text: string];

/** The messages behind the facts of a task, in their order. What was only seen live is among them by its fact. */
export function messagesOf(moments: readonly Moment[]): readonly Message[] {
  return moments.flatMap((moment) =>
    moment.seq === null ? [] : linesOf(moment).map(([from, to, text]) => ({ from, to, text, moment })),
  );
}

function linesOf({ name, detail, states }: Moment): readonly Line[] {
  const assignment = `#${detail['assignment_id']}`;
  const failure = String((detail['failure'] as { code?: string } | undefined)?.code ?? '');
  const state = states[0] ?? '';
  const back = (text: string): readonly Line[] => [
    ['backend', 'worker', text],
    ['worker', 'pool', `worker.settled ${assignment}`],
    ['pool', 'task', `task.settle → ${state}`],
  ];
  switch (name) {
    case 'task.accepted':
      return [
        ['client', 'pool', `delegate ${detail['task_type'] ?? ''}`],
        ['pool', 'task', `→ ${state}`],
        ['pool', 'client', 'accepted'],
      ];
    case 'task.assigned':
      return [
        ['pool', 'task', `task.assign ${assignment}`],
        ['task', 'pool', 'task.assigned'],
        ['pool', 'worker', `worker.run ${assignment}`],
        ['worker', 'backend', `generate ${detail['model'] ?? ''}`],
      ];
    case 'task.retried':
      return back(failure);
    case 'task.completed':
      return [...back(`answer, ${detail['chars']} characters`), ['pool', 'client', 'completed']];
    case 'task.failed':
      if (detail['assignment_id'] !== null)
        return [...back(failure), ['pool', 'client', `failed: ${failure}`]];
      return [
        ['pool', 'task', `task.refuse ${failure}`],
        ['pool', 'client', `failed: ${failure}`],
      ];
    case 'task.reprioritized':
      return [
        ['client', 'pool', `priority ${detail['priority']}`],
        ['pool', 'task', 'task.reprioritize'],
      ];
    case 'task.cancelled': {
      const stop: readonly Line[] =
        detail['assignment_id'] === null ? [] : [['pool', 'worker', `worker.stop ${assignment}`]];
      return [['client', 'pool', 'cancel'], ['pool', 'task', 'task.cancel'], ...stop];
    }
    default:
      return [];
  }
}
