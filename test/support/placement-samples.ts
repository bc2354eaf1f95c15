import { nextDispatch, wantedReserve } from '../../src/machines/dispatch.ts';
import { type AssignmentId, workerId } from '../../src/machines/identifiers.ts';
import { modelKey } from '../../src/machines/model-choice.ts';
import { requestKinds } from '../../src/machines/model-request.ts';
import type {
  Demand,
  DispatchReason,
  EndpointView,
  HostView,
  WorkerView,
} from '../../src/machines/placement.ts';
import { type Decision, type RoutingInput, route } from '../../src/machines/routing.ts';
import type { HostConfig, RoutingPolicy, RoutingRule } from '../../src/machines/routing-policy.ts';
import { type LiveTask, TaskBoard, type TaskRef } from '../../src/machines/task-board.ts';
import type { TaskTicket } from '../../src/machines/task-ticket.ts';
import { type RosterEntry, WorkerRoster } from '../../src/machines/worker-roster.ts';
import type { WorkerSpec } from '../../src/machines/worker-spec.ts';
import type { Breaker } from '../../src/machines/worker-state.ts';
import { makeTicket } from './pool-samples.ts';

/** Values that tests of the choice of a worker need again and again. */

/** The model that the file proposes wherever a test does not say otherwise. */
export const usualModel = 'gpt-oss:20b';

export function makeDemand(parts: Partial<Demand> = {}): Demand {
  return {
    priority: 5,
    taskType: 'general',
    requestKind: 'text',
    model: null,
    suggestedModel: usualModel,
    fallbackModel: null,
    promptChars: 400,
    promptTokens: 100,
    answerTokens: 1,
    numCtx: null,
    ...parts,
  };
}

export interface EndpointParts {
  readonly breaker?: Breaker;
  /** Names of the models that it can load; left out, it does not say. */
  readonly models?: readonly string[];
  readonly loaded?: readonly string[];
  /** The longest context of each of its models, in tokens. */
  readonly contextTokens?: number;
}

export function makeEndpoint(parts: EndpointParts = {}): EndpointView {
  const { breaker = 'closed', models, loaded = [], contextTokens = null } = parts;
  const [keys, loadedKeys] = [models?.map(modelKey), loaded.map(modelKey)];
  return {
    breaker,
    has: (key) => keys?.includes(key),
    isLoaded: (key) => loadedKeys.includes(key),
    isEmpty: loaded.length === 0,
    contextOf: () => contextTokens,
  };
}

export interface HostParts {
  readonly slotsMax?: number;
  readonly used?: number;
  /** Whether a model has room beside those at work, and beside all that are loaded; left out, that is unknown. */
  readonly memory?: boolean;
  readonly room?: boolean;
}

export function makeHost({ slotsMax, used = 0, memory, room }: HostParts = {}): HostView {
  return { slotsMax: slotsMax ?? null, used, hasMemoryFor: () => memory, hasRoomFor: () => room };
}

/** An idle worker that lives, remote if its name begins so, with a server and a machine of its own. */
export function makeView(name: string, parts: Partial<Omit<WorkerView, 'workerId'>> = {}): WorkerView {
  return {
    workerId: workerId(name),
    location: name.startsWith('remote') ? 'remote' : 'local',
    capabilities: [],
    requestKinds,
    performanceFactor: 1,
    slots: 2,
    used: 0,
    liveness: 'alive',
    admission: 'active',
    standby: false,
    model: null,
    tokensMax: null,
    endpoint: makeEndpoint(),
    host: makeHost(),
    ...parts,
  };
}

export function makeRule(parts: Partial<RoutingRule> = {}): RoutingRule {
  return {
    priorityMin: 1,
    priorityMax: 10,
    preferredWorkers: ['local', 'remote'],
    fallbackToLocal: false,
    loadBalancing: true,
    reason: 'a rule of this test',
    ...parts,
  };
}

/** Without rules, aging and bypasses. */
export function makeRouting(parts: Partial<RoutingPolicy> = {}): RoutingPolicy {
  return { strategy: 'priority_based', rules: [], agingMs: 0, bypassesMax: 0, ...parts };
}

export function makeInput(policy: RoutingPolicy, parts: Partial<RoutingInput> = {}): RoutingInput {
  return { policy, configVersion: 1, numCtxOf: () => null, expectedMs: () => null, ...parts };
}

export const gib = 1024 ** 3;

/** What the models of these tests take in memory, in GiB. */
const sizesGib: Readonly<Record<string, number>> = { small: 10, other: 10, large: 20 };

export interface WorkshopParts {
  readonly workers: readonly WorkerSpec[];
  readonly routing?: Partial<RoutingPolicy>;
  readonly hosts?: readonly HostConfig[];
  readonly leasesMax?: number;
}

/** Tasks that wait, workers that live, and turns of the pool between them. Tasks go by their sequence numbers. */
export class Workshop {
  readonly board: TaskBoard;
  readonly roster: WorkerRoster;
  readonly input: RoutingInput;
  readonly tasks = new Map<number, LiveTask>();
  readonly reasons = new Map<number, DispatchReason>();
  readonly unfit: number[] = [];
  readonly #held = new Map<number, { readonly worker: RosterEntry; readonly id: AssignmentId }>();

  constructor({ workers, routing, hosts = [], leasesMax = 100 }: WorkshopParts) {
    const policy = makeRouting({ bypassesMax: 2, ...routing });
    this.board = new TaskBoard(100_000, policy.agingMs);
    this.roster = new WorkerRoster(leasesMax, 1);
    this.input = makeInput(policy);
    for (const spec of workers)
      this.roster.enter(spec, spec.standby ? 'standby' : 'active').liveness = 'alive';
    this.roster.limitHosts(hosts);
    for (const endpoint of this.roster.endpoints()) {
      const models = Object.entries(sizesGib).map(([name, size]) => ({
        name,
        sizeBytes: (size * gib) / 1.15,
        contextTokensMax: null,
      }));
      endpoint.see({ models, residents: [] });
    }
  }

  /** A task by the name of its model, one second after the one before it. */
  add(seq: number, model: string, parts: Partial<TaskTicket> = {}): LiveTask {
    const ticket = makeTicket(seq, { model, sinceMs: seq * 1_000, ...parts });
    const task = this.board.sit(this.board.takeSeat(), ticket, {} as TaskRef);
    this.tasks.set(seq, task);
    this.board.ready.add(task);
    return task;
  }

  /** Hands out what can be handed out, as the pool does it, and tells what that was. */
  turn(most = Number.POSITIVE_INFINITY): number[] {
    const handed: number[] = [];
    const walk = this.board.ready.walk();
    for (let left = Math.min(most, this.roster.room); left > 0; left -= 1) {
      const next = nextDispatch(walk, this.roster, this.input);
      if (next === undefined) break;
      this.board.ready.remove(next.task);
      const { seq } = next.task;
      if (next.kind === 'unfit') {
        this.unfit.push(seq);
        continue;
      }
      const { worker, reason } = next;
      if (worker.endpoint.breaker === 'halfOpen') worker.endpoint.breaker = 'trying';
      const id = this.roster.lease(worker, next.task.ticket.taskId, reason.model);
      this.#held.set(seq, { worker, id });
      this.reasons.set(seq, reason);
      handed.push(seq);
    }
    return handed;
  }

  end(...seqs: readonly number[]): void {
    for (const seq of seqs) {
      const held = this.#held.get(seq);
      if (held === undefined || !this.roster.release(held.worker, held.id))
        throw new Error(`${seq} does not run`);
      this.#held.delete(seq);
    }
  }

  get running(): readonly number[] {
    return [...this.#held.keys()];
  }

  workerOf(seq: number): string | undefined {
    return this.reasons.get(seq)?.choice;
  }

  reserve(): string | undefined {
    return wantedReserve(this.board.ready.walk(), this.roster, this.input)?.workerId;
  }
}

export const anyWorker = makeInput(makeRouting());

export function byRule(parts: Partial<RoutingRule>): RoutingInput {
  return makeInput(makeRouting({ rules: [makeRule(parts)] }));
}

export const remoteFirst = byRule({
  preferredWorkers: ['remote'],
  fallbackToLocal: true,
  loadBalancing: false,
});

/** The worker chosen, or the kind of decision where none was. */
export function choose(
  views: readonly WorkerView[],
  input: RoutingInput = anyWorker,
  demand: Partial<Demand> = {},
): string {
  const decision = route(makeDemand(demand), views, input);
  return decision.kind === 'placed' ? decision.worker.workerId : decision.kind;
}

export function placed(decision: Decision): Extract<Decision, { kind: 'placed' }> {
  if (decision.kind !== 'placed') throw new Error(`expected a place, found ${decision.kind}`);
  return decision;
}
