import type { Backend, Job } from '../../src/actors/execution.ts';
import { JoinClient, type JoinClientOptions } from '../../src/actors/join-client.ts';
import type { JoinNews } from '../../src/actors/join-news.ts';
import type { JoinedWorker } from '../../src/actors/worker-link.ts';
import { WorkerLinks, type WorkerLinksPorts } from '../../src/actors/worker-links.ts';
import type { CommittedFact } from '../../src/machines/facts.ts';
import { type AssignmentId, type WorkerId, workerId } from '../../src/machines/identifiers.ts';
import { noUsage, type Outcome } from '../../src/machines/outcome.ts';
import { onDisposal } from './disposal.ts';
import { LinkNetwork } from './link-network.ts';
import { VirtualClock } from './virtual-clock.ts';

export const gpu2 = workerId('gpu2');
export const heartbeatMs = 15_000;

/** The pool's side of the links, with a record of what it was told. */
export class PoolSide {
  readonly links: WorkerLinks;
  readonly enrolled: JoinedWorker[] = [];
  readonly left: WorkerId[] = [];
  readonly late: { readonly assignmentId: AssignmentId; readonly outcome: Outcome }[] = [];
  readonly cuts: WorkerId[] = [];
  readonly logged: string[] = [];

  constructor(network: LinkNetwork, ports: Partial<WorkerLinksPorts> = {}) {
    const log = (_details: object, message: string) => void this.logged.push(message);
    this.links = new WorkerLinks({
      clock: network.clock,
      heartbeatMs,
      enrol: (worker) => void this.enrolled.push(worker),
      leave: (worker) => void this.left.push(worker),
      late: (report) => void this.late.push(report),
      onBack: () => undefined,
      onCut: (worker) => void this.cuts.push(worker),
      log: { warn: log, info: log },
      ...ports,
    });
    network.accept = (socket) => this.links.accept(socket);
  }

  /** Runs a job on a worker, and records what its follower reads and what comes out of it. */
  run(job: Job, worker: WorkerId = gpu2): Attempt {
    const abort = new AbortController();
    const attempt: Attempt = {
      text: '',
      outcomes: [],
      abort: () => abort.abort(),
      ended: this.links.backendOf(worker)(job, {
        signal: abort.signal,
        onText: (text) => {
          attempt.text += text;
        },
      }),
    };
    void attempt.ended.then((outcome) => attempt.outcomes.push(outcome));
    return attempt;
  }
}

export interface Attempt {
  text: string;
  readonly outcomes: Outcome[];
  readonly abort: () => void;
  readonly ended: Promise<Outcome>;
}

/** The ending of a lease as the journal tells it. */
export function endedFact({ taskId, assignmentId }: Job): CommittedFact {
  const fact = { type: 'task.cancelled', from: 'running', taskId, assignmentId, workerId: gpu2 } as const;
  return { seq: 1, atMs: 0, fact };
}

/** A backend that writes these pieces, one a while, and answers with all of them. */
export function typist(clock: VirtualClock, pieces: readonly string[], delayMs = 10): Backend {
  return async (_job, { signal, onText }) => {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, delayMs));
      if (signal.aborted) return { kind: 'cancelled' };
      onText(piece);
    }
    return { kind: 'succeeded', output: pieces.join(''), usage: noUsage };
  };
}

export interface WorkerSide {
  readonly client: JoinClient;
  readonly news: JoinNews[];
  readonly faults: unknown[];
}

/** A worker that joins over the network; it is killed with the test. */
export function startWorker(network: LinkNetwork, options: Partial<JoinClientOptions> = {}): WorkerSide {
  const news: JoinNews[] = [];
  const faults: unknown[] = [];
  const client = new JoinClient({
    clock: network.clock,
    random: { draw: () => 0.5, suffix: (length) => 'x'.repeat(length) },
    dial: network.dial,
    backend: typist(network.clock, ['a', 'b', 'c']),
    look: async () => ({ models: null, residents: null }),
    announced: {
      workerId: gpu2,
      slots: 2,
      models: null,
      capabilities: [],
      labels: {},
      performanceFactor: 1,
    },
    instance: 'instance-1',
    drainGraceMs: 30_000,
    onNews: (each) => void news.push(each),
    onFault: (error) => void faults.push(error),
    ...options,
  });
  void client.start();
  onDisposal(() => client.kill());
  return { client, news, faults };
}

/** A pool and a network; workers come by {@link startWorker}. */
export function setupJoined(ports: Partial<WorkerLinksPorts> = {}) {
  const clock = new VirtualClock();
  const network = new LinkNetwork(clock);
  const pool = new PoolSide(network, ports);
  onDisposal(() => pool.links.close());
  return { clock, network, pool };
}
