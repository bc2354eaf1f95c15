import { type ClientOptions, WebSocket } from 'ws';
import { systemClock } from '../../src/actors/clock.ts';
import { clientDoor, toolPath } from '../../src/http/websocket/client-door.ts';
import type { DoorClock } from '../../src/http/websocket/outbox.ts';
import { openWebsocketListener } from '../../src/http/websocket-listener.ts';
import { onDisposal } from './disposal.ts';
import { type SetUp, setupRuntime } from './running-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: a message as a client gets it: of any shape until it is looked at
export type Message = any;

/** A client of the door, and what it was told. */
export class Watching {
  readonly ws: WebSocket;
  readonly messages: Message[] = [];
  /** The code that it was closed with. */
  readonly closed: Promise<number>;
  readonly #waiting = new Set<() => void>();
  #read = 0;

  constructor(url: string, protocols: string[] = [], options: ClientOptions = {}) {
    this.ws = new WebSocket(url, protocols, options);
    this.ws.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code) => {
        resolve(code);
        this.#wake();
      });
    });
    this.ws.on('error', () => undefined);
    onDisposal(() => this.ws.terminate());
  }

  /** The next message, or the next of a type; those before it are passed over. */
  async next(type?: string): Promise<Message> {
    for (;;) {
      while (this.#read < this.messages.length) {
        const message = this.messages[this.#read++];
        if (type === undefined || message.type === type) return message;
      }
      if (this.ws.readyState === WebSocket.CLOSED)
        throw new Error(`closed before "${type ?? 'anything'}" came`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  say(command: object | string): void {
    this.ws.send(typeof command === 'string' ? command : JSON.stringify(command));
  }

  /** Sends a command, and waits for the answer of a type. */
  ask(command: object | string, type: string): Promise<Message> {
    this.say(command);
    return this.next(type);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

export interface DoorSetUp extends SetUp {
  /** The clock of the door alone. */
  readonly doorClock?: DoorClock;
  readonly socketsMax?: number;
}

/** A runtime with its door for clients, open on a port. */
export async function setupWatching(setUp: DoorSetUp = {}) {
  const { runtime } = await setupRuntime(setUp);
  const logged: string[] = [];
  const log = {
    error: (details: object, message: string) => void logged.push(`${message} ${String(details)}`),
  };
  const sockets = setUp.socketsMax === undefined ? {} : { socketsMax: setUp.socketsMax };
  const door = clientDoor({ runtime, clock: setUp.doorClock ?? systemClock, log, ...sockets });
  const doors = { '/': door, [toolPath]: door };
  const listener = await openWebsocketListener({ host: '127.0.0.1', port: 0, doors });
  onDisposal(() => listener.close(0));
  const watch = (protocols: string[] = [], options: ClientOptions = {}) =>
    new Watching(`${listener.url}/`, protocols, options);
  /** A client that has been shown the pool. */
  const enter = async () => {
    const watching = watch();
    const initial = await watching.next('initial_state');
    return Object.assign(watching, { initial });
  };
  return { runtime, listener, watch, enter, logged, url: `${listener.url}/` };
}
