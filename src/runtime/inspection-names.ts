import type { AnyActorRef } from 'xstate';
import type { InspectionHook } from '../actors/inspection-hook.ts';
import type { PoolActor } from '../actors/pool-host.ts';
import type { RecordedActor } from '../db/actor-facts.ts';
import { KoubouError } from '../machines/errors.ts';
import { parseTaskId } from '../machines/identifiers.ts';
import type { Run } from '../machines/worker-events.ts';

/**
 * The names of actors towards clients: `pool`, `worker:local_001`, `endpoint:http://localhost:11434`, `execution:17` by its
 * assignment, and a task by its id. They outlive the actor: who has the name finds the next one that bears it.
 */

const workerPrefix = 'worker:';
const endpointPrefix = 'endpoint:';
const executionPrefix = 'execution:';

/** The name of an actor that lives or has lived. */
export function nameOfActor(actor: AnyActorRef, machine: string): string {
  const snapshot = actor.getSnapshot() as { context?: { taskId: string }; run?: Run };
  switch (machine) {
    case 'task':
      return snapshot.context?.taskId ?? actor.id;
    case 'worker':
      return `${workerPrefix}${actor.id}`;
    case 'execution':
      return `${executionPrefix}${snapshot.run?.assignmentId}`;
    default:
      return actor.id;
  }
}

/**
 * The live actor of a name.
 *
 * @throws KoubouError `request.invalid` for what is no name, `task.unknown`, `worker.unknown`, `route.unknown`
 */
export function actorOfName(name: string, pool: PoolActor, hook: InspectionHook): AnyActorRef {
  const found = lookUp(name, pool, hook);
  // The children of the pool outlive it, as memories.
  if (found !== undefined && hook.lifeOf(found) !== undefined) return found;
  const message = `no actor lives under the name ${name}`;
  if (name.startsWith(workerPrefix)) throw new KoubouError('worker.unknown', message);
  if (parseTaskId(name) === undefined) throw new KoubouError('route.unknown', message);
  throw new KoubouError('task.unknown', `${message}: the task has ended, or waits as a row`);
}

/**
 * Whose record a name stands for, whether it lives or not.
 *
 * @throws KoubouError `request.invalid` for what is no name, and for executions, which leave none
 */
export function recordedActor(name: string): RecordedActor {
  if (name === 'pool') return { kind: 'pool' };
  const after = (prefix: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : '');
  const [worker, endpoint, taskId] = [after(workerPrefix), after(endpointPrefix), parseTaskId(name)];
  if (worker !== '') return { kind: 'worker', workerId: worker };
  if (endpoint !== '') return { kind: 'endpoint', endpoint };
  if (taskId !== undefined) return { kind: 'task', taskId };
  throw new KoubouError(
    'request.invalid',
    'actor: a record is kept of pool, worker:ID, endpoint:ORIGIN, and of a task under its id',
  );
}

function lookUp(name: string, pool: PoolActor, hook: InspectionHook): AnyActorRef | undefined {
  if (name === 'pool') return pool;
  if (name.startsWith(workerPrefix)) return pool.getSnapshot().children[name.slice(workerPrefix.length)];
  if (name.startsWith(endpointPrefix)) return pool.getSnapshot().children[name];
  if (name.startsWith(executionPrefix)) {
    const running = hook.charts.get('execution')?.states[0];
    const stays = running?.page(0, running.count) ?? [];
    return stays.find(({ actor }) => nameOfActor(actor, 'execution') === name)?.actor;
  }
  const taskId = parseTaskId(name);
  if (taskId !== undefined) return pool.getSnapshot().context.board.get(taskId)?.ref;
  throw new KoubouError(
    'request.invalid',
    'an actor is called pool, worker:ID, endpoint:ORIGIN, execution:ASSIGNMENT, or by the id of its task',
  );
}
