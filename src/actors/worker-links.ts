import { KoubouError } from '../machines/errors.ts';
import type { CommittedFact } from '../machines/facts.ts';
import type { WorkerId } from '../machines/identifiers.ts';
import { linkLimits } from '../machines/link-limits.ts';
import type { Backend } from './execution.ts';
import type { Probe } from './heartbeat.ts';
import type { LinkSocket } from './link-socket.ts';
import { type Turned, WorkerConversation } from './worker-conversation.ts';
import { type JoinedWorker, type LinkPorts, WorkerLink } from './worker-link.ts';
import { closeCodes, type Hello } from './worker-protocol.ts';

export interface WorkerLinksPorts extends LinkPorts {
  /**
   * Makes the worker known to the pool, or brings what is known of it up to date.
   *
   * @throws KoubouError `worker.conflict` when the name is that of a configured worker; any other when there is no room
   */
  readonly enrol: (worker: JoinedWorker) => void;
}

const conflict: string = 'worker.conflict';

/** The workers that have joined this pool: one link for each name, whatever becomes of its connections. */
export class WorkerLinks {
  readonly #ports: WorkerLinksPorts;
  readonly #links = new Map<WorkerId, WorkerLink>();
  readonly #conversations = new Set<WorkerConversation>();

  constructor(ports: WorkerLinksPorts) {
    this.#ports = ports;
  }

  /** Takes over a connection whose token was right. */
  accept(socket: LinkSocket): void {
    const { clock, log } = this.#ports;
    const conversation: WorkerConversation = new WorkerConversation(socket, {
      clock,
      log,
      greet: (over, hello) => this.#greet(over, hello),
      onEnd: () => this.#conversations.delete(conversation),
    });
    this.#conversations.add(conversation);
  }

  /** Runs jobs on a joined worker; a cut of its connection ends none. Wrap it in `withFiles`, as any other backend. */
  backendOf(workerId: WorkerId): Backend {
    return (job, io) => this.#linkOf(workerId).leases.run(job, io);
  }

  /** Resolves when the worker has beaten since the last probe, or does before the signal; else rejects with the reason. */
  probeOf(workerId: WorkerId): Probe {
    return (signal, onLife) => this.#linkOf(workerId).pulse.probe(signal, onLife);
  }

  /** Hears what is on disk: a worker may forget a result that is. */
  hear({ fact }: CommittedFact): void {
    const isOfLease =
      fact.type === 'task.completed' ||
      fact.type === 'task.failed' ||
      fact.type === 'task.retried' ||
      fact.type === 'task.cancelled';
    if (!isOfLease || fact.workerId === null || fact.assignmentId === null) return;
    this.#links.get(fact.workerId)?.leases.acknowledge(fact.assignmentId);
  }

  /** Ends all connections; their workers try to come back by themselves. */
  close(): void {
    for (const conversation of [...this.#conversations]) {
      conversation.end(closeCodes.goingAway, 'the pool is stopping');
    }
    for (const link of this.#links.values()) link.close();
  }

  #greet(socket: LinkSocket, hello: Hello): WorkerLink | Turned {
    const workerId = hello.worker_id;
    const known = this.#links.get(workerId);
    if (known?.isTakenFor(hello.instance)) {
      return turned(
        'name_taken',
        `another process has joined as ${workerId}; choose another name, or end that process`,
      );
    }
    if (known === undefined && !this.#makeRoom()) {
      return turned('unavailable', `${linkLimits.linksMax} workers have joined already`);
    }
    // Known before it is enrolled, since the pool begins to watch it at once.
    const link = this.#linkOf(workerId);
    link.pulse.expect();
    try {
      this.#ports.enrol(announced(hello));
    } catch (error) {
      if (known === undefined) this.#drop(link);
      if (!(error instanceof KoubouError)) throw error;
      return turned(String(error.code) === conflict ? 'name_conflict' : 'unavailable', error.message);
    }
    link.attach(socket, hello);
    const { instance, slots } = hello;
    this.#ports.log.info({ worker_id: workerId, instance, slots }, 'a worker has joined');
    return link;
  }

  /** Where there are too many, one that has gone makes room. */
  #makeRoom(): boolean {
    if (this.#links.size < linkLimits.linksMax) return true;
    const idle = [...this.#links.values()].find(({ isIdle }) => isIdle);
    if (idle !== undefined) this.#drop(idle);
    return idle !== undefined;
  }

  #drop(link: WorkerLink): void {
    this.#links.delete(link.workerId);
    link.close();
  }

  /** The link of a name. The pool may ask for one that has not joined since it started: then it waits for it. */
  #linkOf(workerId: WorkerId): WorkerLink {
    const link = this.#links.get(workerId) ?? new WorkerLink(workerId, this.#ports);
    this.#links.set(workerId, link);
    return link;
  }
}

function turned(refusal: Turned['refusal'], message: string): Turned {
  return { refusal, message };
}

function announced(hello: Hello): JoinedWorker {
  const {
    worker_id,
    slots,
    models,
    capabilities,
    labels,
    performance_factor,
    instance,
    requests = [],
  } = hello;
  return {
    workerId: worker_id,
    slots,
    models,
    capabilities,
    labels,
    performanceFactor: performance_factor,
    requestKinds: ['text', ...requests],
    instance,
  };
}
