import { linkLimits } from '../machines/link-limits.ts';
import type { Clock } from './clock.ts';
import type { LinkSocket } from './link-socket.ts';
import type { LinkLog, WorkerLink } from './worker-link.ts';
import {
  closeCodes,
  type FrameToPool,
  type FrameToWorker,
  type Hello,
  protocolVersion,
  type RefusalCode,
  readFrameToPool,
} from './worker-protocol.ts';

/** Why a worker that said hello is not taken in. */
export interface Turned {
  readonly refusal: RefusalCode;
  readonly message: string;
}

export interface ConversationPorts {
  readonly clock: Clock;
  readonly log: LinkLog;
  /** Takes a worker in that speaks over this connection; it is attached when this returns. */
  readonly greet: (socket: LinkSocket, hello: Hello) => WorkerLink | Turned;
  /** The connection has ended, or is about to. */
  readonly onEnd: () => void;
}

const closings: Record<RefusalCode, number> = {
  protocol: closeCodes.protocolUnknown,
  name_taken: closeCodes.nameTaken,
  name_conflict: closeCodes.nameConflict,
  unavailable: closeCodes.tryLater,
};

type Phase =
  | { readonly is: 'ungreeted'; readonly timer: unknown }
  | { readonly is: 'linked'; readonly link: WorkerLink }
  | { readonly is: 'over' };

/** One connection, from its first frame to its end: a hello, and then what the link makes of the frames. */
export class WorkerConversation {
  readonly #socket: LinkSocket;
  readonly #ports: ConversationPorts;
  #phase: Phase;

  constructor(socket: LinkSocket, ports: ConversationPorts) {
    this.#socket = socket;
    this.#ports = ports;
    const timer = ports.clock.setTimeout(
      () => this.end(closeCodes.helloMissing, 'no hello came'),
      linkLimits.helloMsMax,
    );
    this.#phase = { is: 'ungreeted', timer };
    socket.listen({
      onMessage: (raw) => this.#guarded(() => this.#read(raw)),
      onClose: (code, reason) => this.#guarded(() => this.#over(code, reason)),
    });
  }

  /** Ends it from this side. */
  end(code: number, reason: string): void {
    this.#over(code, reason);
    this.#socket.close(code, reason);
  }

  #read(raw: string): void {
    if (this.#phase.is === 'over') return;
    const read = readFrameToPool(raw);
    if ('frame' in read) this.#hear(read.frame);
    else if (read.protocol !== undefined) this.#turnAway(otherVersion(read.protocol));
    else this.#complain(`that is no frame: ${read.fault}`);
  }

  #hear(frame: FrameToPool): void {
    const phase = this.#phase;
    if (phase.is === 'linked') {
      const complaint = phase.link.hear(this.#socket, frame);
      if (complaint !== undefined) this.#complain(complaint);
    } else if (frame.type === 'hello') {
      this.#greet(frame);
    } else {
      this.#complain('the first frame must be a hello');
    }
  }

  #greet(hello: Hello): void {
    const found = this.#ports.greet(this.#socket, hello);
    if ('refusal' in found) {
      this.#turnAway(found);
    } else {
      this.#leavePhase();
      this.#phase = { is: 'linked', link: found };
    }
  }

  #turnAway({ refusal: code, message }: Turned): void {
    this.#ports.log.warn({ code, detail: message }, 'a worker was refused');
    this.#send({ type: 'refused', code, message, protocol: protocolVersion });
    this.end(closings[code], code);
  }

  /** A bug of the peer: it is told, and closed. */
  #complain(message: string): void {
    this.#ports.log.warn({ detail: message }, 'a worker broke the protocol');
    this.#send({ type: 'error', code: 'bad_frame', message });
    this.end(closeCodes.badFrame, 'bad frame');
  }

  #over(code: number, reason: string): void {
    const phase = this.#phase;
    if (phase.is === 'over') return;
    this.#leavePhase();
    this.#phase = { is: 'over' };
    this.#ports.onEnd();
    if (phase.is === 'linked') phase.link.cut(this.#socket, code, reason);
  }

  #leavePhase(): void {
    if (this.#phase.is === 'ungreeted') this.#ports.clock.clearTimeout(this.#phase.timer);
  }

  #send(frame: FrameToWorker): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** A bug of ours in what one peer's frame led to must not end the process: its connection is ended. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#ports.log.warn({ err: error }, 'a frame of a worker could not be handled');
      this.#socket.terminate();
    }
  }
}

function otherVersion(theirs: number): Turned {
  const behind = theirs < protocolVersion ? 'the worker' : 'the pool';
  return {
    refusal: 'protocol',
    message: `the worker speaks version ${theirs} of the protocol, the pool version ${protocolVersion}; update ${behind}`,
  };
}
