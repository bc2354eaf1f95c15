import type { AnyStateMachine } from 'xstate';
import type { InspectedMachine } from '../../machines/chart-machines.ts';
import { endpointMachine } from '../../machines/endpoint-machine.ts';
import { poolMachine } from '../../machines/pool-machine.ts';
import { taskMachine } from '../../machines/task-machine.ts';
import { workerMachine } from '../../machines/worker-machine.ts';
import { type StatelyMessage, StatelyTeller } from './inspect-stately.ts';
import type { InspectWording } from './inspect-wording.ts';
import type { DoorClock } from './outbox.ts';
import { textFrame } from './text-frame.ts';

/** As Stately's inspector reads it: one frame for each message. */
export function statelyWording(clock: Pick<DoorClock, 'now'>): InspectWording {
  const teller = new StatelyTeller(definitionOf);
  return {
    shown: (view) => frame(teller.shown(view, clock.now())),
    shownAnew: (view, skipped) => frame(teller.shownAnew(view, skipped, clock.now())),
    moved: (view) => Buffer.concat(teller.moved(view).map(frame)),
    ended: (view) => frame(teller.ended(view)),
  };
}

function frame(message: StatelyMessage): Buffer {
  return textFrame(JSON.stringify(message));
}

const machines: Readonly<Partial<Record<InspectedMachine, AnyStateMachine>>> = {
  pool: poolMachine,
  worker: workerMachine,
  endpoint: endpointMachine,
  task: taskMachine,
};
const definitions = new Map<InspectedMachine, string>();

/** What was given to `createMachine`, with functions as their names, as that package writes it. */
function definitionOf(machine: InspectedMachine): string | undefined {
  const known = definitions.get(machine) ?? JSON.stringify(machines[machine]?.config, named);
  if (known !== undefined) definitions.set(machine, known);
  return known;
}

function named(_key: string, value: unknown): unknown {
  return typeof value === 'function' ? { type: value.name } : value;
}
