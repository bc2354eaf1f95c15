import { connect } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');

/**
 * One keep-alive connection that sends the same request again as soon as it has its answer, or after a rest. Written on a bare socket,
 * since Node's own client would cost more than the server that is measured.
 */
export class Connection {
  #socket;
  #request;
  #gapMs;
  #onAnswer;
  #received = Buffer.alloc(0);
  #sentAt = 0;
  #isOpen = true;

  /**
   * @param {{ host: string, port: number, request: Buffer, gapMs?: number, onAnswer: (answer: { status: number, body: string, ms: number }) => void, onFault: (error: Error) => void }} options
   */
  constructor({ host, port, request, gapMs = 0, onAnswer, onFault }) {
    this.#request = request;
    this.#gapMs = gapMs;
    this.#onAnswer = onAnswer;
    this.#socket = connect({ host, port, noDelay: true }, () => this.#send());
    this.#socket.on('data', (chunk) => this.#take(chunk, onFault));
    this.#socket.on('error', onFault);
    this.#socket.on('close', () => {
      if (this.#isOpen) onFault(new Error('the server closed a connection'));
    });
  }

  /** Ends without waiting for the answer that is under way. */
  close() {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #send() {
    this.#sentAt = performance.now();
    this.#socket.write(this.#request);
  }

  #take(chunk, onFault) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(headEnd);
    if (end === -1) return;
    const head = this.#received.latin1Slice(0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      onFault(new Error(`an answer without Content-Length: ${head}`));
      return;
    }
    const bodyStart = end + headEnd.length;
    const bodyEnd = bodyStart + Number(length);
    if (this.#received.length < bodyEnd) return;
    const body = this.#received.utf8Slice(bodyStart, bodyEnd);
    this.#received = Buffer.alloc(0);
    this.#onAnswer({ status: Number(head.slice(9, 12)), body, ms: performance.now() - this.#sentAt });
    if (this.#gapMs > 0) setTimeout(() => this.#isOpen && this.#send(), this.#gapMs);
    else if (this.#isOpen) this.#send();
  }
}
