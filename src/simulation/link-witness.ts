import type { LinkSocket, SocketListener } from '../actors/link-socket.ts';
import type { FrameToPool, FrameToWorker } from '../actors/worker-protocol.ts';
import { type AssignmentId, assignmentId, type WorkerId } from '../machines/identifiers.ts';
import type { LinkEvent } from './link-events.ts';
import type { WorldEvent } from './world-events.ts';

type HeardFrame = Extract<LinkEvent, { type: 'link.heard' }>['frame'];
type Hello = Extract<FrameToPool, { type: 'hello' }>;

/** Sees what goes over one connection, and tells the world. */
export class LinkWitness {
  /** Counts the connections of a world. */
  readonly connection: number;
  readonly #emit: (event: WorldEvent) => void;
  #hello: Hello | undefined;
  #state: 'new' | 'linked' | 'closed' = 'new';

  constructor(connection: number, emit: (event: WorldEvent) => void) {
    this.connection = connection;
    this.#emit = emit;
  }

  /** The pool's end, with what arrives at it and leaves it. */
  ofPool(link: LinkSocket): LinkSocket {
    const heard = (listener: SocketListener): SocketListener => ({
      onMessage: (text) => {
        this.#heard(text);
        listener.onMessage(text);
      },
      onClose: (code, reason) => {
        this.#closed(code);
        listener.onClose(code, reason);
      },
    });
    return {
      send: (text) => {
        this.#sent(JSON.parse(text) as FrameToWorker);
        link.send(text);
      },
      close: (code, reason) => {
        this.#closed(code);
        link.close(code, reason);
      },
      terminate: () => {
        this.#closed(1006);
        link.terminate();
      },
      get bufferedAmount() {
        return link.bufferedAmount;
      },
      listen: (listener) => link.listen(heard(listener)),
    };
  }

  /** A frame has arrived at the worker. */
  told(text: string): void {
    const frame = JSON.parse(text) as FrameToWorker;
    const tell = (word: 'run' | 'stop' | 'ack' | 'drop', id: number) =>
      this.#emit({ type: 'link.told', ...this.#whose, frame: word, assignmentId: assignmentId(id) });
    if (frame.type === 'run') tell('run', frame.job.assignment_id);
    if (frame.type === 'stop' || frame.type === 'ack') tell(frame.type, frame.assignment_id);
    if (frame.type === 'welcome') for (const id of frame.drop) tell('drop', id);
  }

  get #whose() {
    const { worker_id: workerId = '' as WorkerId, instance = '' } = this.#hello ?? {};
    return { workerId, instance, connection: this.connection };
  }

  #heard(text: string): void {
    const frame = parsed(text);
    const hear = (word: HeardFrame, assignmentIds: readonly AssignmentId[] = [], outcome = '') =>
      this.#emit({
        type: 'link.heard',
        ...this.#whose,
        frame: word,
        assignmentIds,
        taskId: frame?.type === 'settled' ? frame.task_id : null,
        outcome,
      });
    switch (frame?.type) {
      case 'hello':
        this.#hello = frame;
        return;
      case 'beat':
        hear('beat', frame.leases, frame.fault === null ? 'well' : 'ill');
        return;
      case 'text':
        hear('text', [frame.assignment_id]);
        return;
      case 'settled':
        hear('settled', [frame.assignment_id], frame.outcome.kind);
        return;
      case 'goodbye':
        hear('goodbye');
        return;
      case 'error':
        return;
      case undefined:
        hear('none');
    }
  }

  #sent(frame: FrameToWorker): void {
    const send = (word: 'run' | 'stop' | 'ack' | 'resume', id: number) =>
      this.#emit({ type: 'link.sent', ...this.#whose, frame: word, assignmentId: assignmentId(id) });
    switch (frame.type) {
      case 'welcome': {
        const idsOf = (leases: Hello['held'] = []) => leases.map(({ assignment_id }) => assignment_id);
        const held = idsOf(this.#hello?.held);
        const done = idsOf(this.#hello?.done);
        this.#state = 'linked';
        this.#emit({ type: 'link.opened', ...this.#whose, held, done, dropped: frame.drop.length });
        return;
      }
      case 'run':
        send('run', frame.job.assignment_id);
        return;
      case 'refused':
        this.#emit({ type: 'link.refused', ...this.#whose, code: frame.code });
        return;
      case 'error':
        return;
      default:
        send(frame.type, frame.assignment_id);
    }
  }

  #closed(code: number): void {
    const wasLinked = this.#state === 'linked';
    this.#state = 'closed';
    if (wasLinked) this.#emit({ type: 'link.closed', ...this.#whose, code });
  }
}

function parsed(text: string): FrameToPool | undefined {
  try {
    return JSON.parse(text) as FrameToPool;
  } catch {
    return undefined;
  }
}
