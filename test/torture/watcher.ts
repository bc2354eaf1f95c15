import { WebSocket } from 'ws';
import { field, type Notebook, parsed, textField } from './asking.ts';

const reconnectMs = 150;

/** Watches all tasks over the WebSocket, and comes back after each cut where it was. */
export class Watcher {
  readonly #url: string;
  readonly #name: string;
  readonly #notebook: Notebook;
  #since: number | undefined;
  #socket: WebSocket | undefined;
  #isOver = false;
  connections = 0;

  constructor(url: string, name: string, notebook: Notebook) {
    this.#url = url;
    this.#name = name;
    this.#notebook = notebook;
  }

  start(): void {
    if (this.#isOver) return;
    const socket = new WebSocket(this.#url, { handshakeTimeout: 20_000 });
    this.#socket = socket;
    socket.on('message', (data) => this.#hear(socket, parsed(String(data))));
    socket.on('error', () => {});
    socket.on('close', () => setTimeout(() => this.start(), reconnectMs));
  }

  /** The last event that it was told. */
  get since(): number {
    return this.#since ?? 0;
  }

  stop(): void {
    this.#isOver = true;
    this.#socket?.terminate();
  }

  #hear(socket: WebSocket, frame: unknown): void {
    const type = textField(frame, 'type');
    if (type === 'initial_state') {
      this.connections += 1;
      this.#since ??= Number(field(frame, 'seq'));
      socket.send(JSON.stringify({ command: 'subscribe', channel: 'task', since: this.#since }));
    }
    // What was told last is not on record any more: that is for the checker to say.
    if (type === 'error') this.#tell(this.since, 'none', `refused: ${textField(frame, 'message')}`);
    if (type !== 'task_update') return;
    const seq = Number(field(frame, 'seq'));
    this.#since = seq;
    this.#tell(seq, textField(frame, 'task_id') ?? '', textField(frame, 'details', 'event') ?? '');
  }

  #tell(seq: number, taskId: string, event: string): void {
    this.#notebook.note({ type: 'told', watcher: this.#name, seq, taskId, event, atMs: Date.now() });
  }
}
