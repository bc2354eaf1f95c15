import type { AssignmentId, TaskId, WorkerId } from '../machines/identifiers.ts';
import { linkLimits } from '../machines/link-limits.ts';
import type { RequestKind } from '../machines/model-request.ts';
import type { Outcome } from '../machines/outcome.ts';
import type { Sighting } from '../machines/sighting.ts';
import type { Clock } from './clock.ts';
import { LentLeases } from './lent-leases.ts';
import { LinkPulse } from './link-pulse.ts';
import type { LinkSocket } from './link-socket.ts';
import { modelOf, residentOf } from './wire-values.ts';
import {
  type Beat,
  closeCodes,
  type FrameToPool,
  type FrameToWorker,
  type Hello,
  protocolVersion,
} from './worker-protocol.ts';

/** A worker as it announced itself. */
export interface JoinedWorker {
  readonly workerId: WorkerId;
  readonly slots: number;
  /** Models that it takes tasks for, as its server names them; empty when it has not said. */
  readonly models: readonly string[];
  /** Task types that it takes; empty for all. */
  readonly capabilities: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** What it understands; workers from before there was more than plain prompts say nothing, and take those. */
  readonly requestKinds: readonly RequestKind[];
  readonly performanceFactor: number;
  /** Names the process: another one when the worker was started anew. */
  readonly instance: string;
}

export interface LinkPorts {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  readonly leave: (workerId: WorkerId) => void;
  readonly late: (report: {
    readonly workerId: WorkerId;
    readonly taskId: TaskId;
    readonly assignmentId: AssignmentId;
    readonly outcome: Outcome;
  }) => void;
  /** It has come, or come back. */
  readonly onBack: (workerId: WorkerId) => void;
  /** The connection has ended. */
  readonly onCut: (workerId: WorkerId) => void;
  readonly log: LinkLog;
}

export interface LinkLog {
  warn(details: object, message: string): void;
  info(details: object, message: string): void;
}

/** Without a frame for so many heartbeats a connection is taken for dead when another one asks for its name. */
const staleBeats = 2;

/** The link to one worker that has joined, by its name. Connections come and go; what was handed over stays. */
export class WorkerLink {
  readonly workerId: WorkerId;
  readonly leases: LentLeases;
  readonly pulse: LinkPulse;
  readonly #ports: LinkPorts;
  #socket: LinkSocket | undefined;
  #instance: string | undefined;
  #heardMs = Number.NEGATIVE_INFINITY;
  #state: 'new' | 'joined' | 'left' = 'new';

  constructor(workerId: WorkerId, ports: LinkPorts) {
    this.workerId = workerId;
    this.#ports = ports;
    this.pulse = new LinkPulse(ports.clock);
    this.leases = new LentLeases({
      clock: ports.clock,
      send: (frame) => this.#send(frame),
      late: (taskId, assignmentId, outcome) => ports.late({ workerId, taskId, assignmentId, outcome }),
    });
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Nothing is lost when it is forgotten. */
  get isIdle(): boolean {
    return this.#socket === undefined && this.leases.size === 0;
  }

  /** Another process has the name, and is well. */
  isTakenFor(instance: string): boolean {
    const silentMs = this.#ports.clock.monotonic() - this.#heardMs;
    const isFresh = silentMs <= staleBeats * this.#ports.heartbeatMs;
    return this.#socket !== undefined && this.#instance !== instance && isFresh;
  }

  /** The worker has come, or come back, over this connection. */
  attach(socket: LinkSocket, hello: Hello): void {
    const former = this.#socket;
    this.#socket = socket;
    this.#instance = hello.instance;
    this.#state = 'joined';
    this.#heardMs = this.#ports.clock.monotonic();
    former?.close(closeCodes.replaced, 'a new connection has taken its place');
    const { heartbeatMs } = this.#ports;
    const { resume, drop } = this.leases.greet(hello);
    this.#send({ type: 'welcome', protocol: protocolVersion, heartbeat_ms: heartbeatMs, resume, drop });
    this.leases.catchUp();
    const named = hello.models.map((name) => ({ name, sizeBytes: null, contextTokensMax: null }));
    this.pulse.beat({ models: named.length === 0 ? null : named, residents: null }, null);
    this.#ports.onBack(this.workerId);
  }

  /** @returns why the frame is out of place, where it is */
  hear(socket: LinkSocket, frame: FrameToPool): string | undefined {
    if (socket !== this.#socket) return undefined; // Of a connection that was replaced: the new one says it all again.
    this.#heardMs = this.#ports.clock.monotonic();
    switch (frame.type) {
      case 'hello':
        return 'a link is greeted once';
      case 'beat':
        this.#beat(frame);
        return undefined;
      case 'text':
        this.leases.text(frame);
        return undefined;
      case 'settled':
        this.leases.settled(frame);
        return undefined;
      case 'goodbye':
        this.#leave();
        return undefined;
      case 'error':
        this.#ports.log.warn(
          { worker_id: this.workerId, code: frame.code, detail: frame.message },
          'a worker complains',
        );
        return undefined;
    }
  }

  /** A connection has ended; of one that was replaced that is no news. */
  cut(socket: LinkSocket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    const words = reason === '' ? '' : `: ${reason}`;
    this.pulse.cut(`its connection was closed (${code}${words})`);
    if (this.#state === 'left') this.leases.releaseAll('the worker has left');
    this.#ports.onCut(this.workerId);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(closeCodes.goingAway, 'the pool is stopping');
    this.leases.releaseAll('the pool is stopping');
    this.pulse.close();
  }

  #beat({ leases, models, residents, fault }: Beat): void {
    this.leases.beat(leases);
    const sighting: Sighting = {
      models: models?.map(modelOf) ?? null,
      residents: residents?.map(residentOf) ?? null,
    };
    this.pulse.beat(sighting, fault);
  }

  #leave(): void {
    if (this.#state === 'left') return;
    this.#state = 'left';
    this.#ports.leave(this.workerId);
  }

  #send(frame: FrameToWorker): boolean {
    const socket = this.#socket;
    if (socket === undefined) return false;
    if (socket.bufferedAmount > linkLimits.unsentBytesMax) {
      this.#ports.log.warn(
        { worker_id: this.workerId },
        'a worker does not read what it is sent; its link is cut',
      );
      socket.terminate();
      return false;
    }
    socket.send(JSON.stringify(frame));
    return true;
  }
}
