import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { KoubouError } from '../../machines/errors.ts';
import type { Caller } from '../../machines/scopes.ts';
import { readCommand } from './commands.ts';
import { closeCodes, type DoorClock, Outbox } from './outbox.ts';

/** Who has not sent the token within this is sent away, in ms. */
const tokenMsMax = 10_000;

export interface StrangerPorts {
  readonly clock: DoorClock;
  /** @throws KoubouError `auth.missing`, `auth.forbidden`, `rate.limited` when too many wrong ones came */
  readonly identify: (token: string) => Promise<Caller>;
  readonly onAdmitted: (caller: Caller) => void;
}

/** A client that has yet to send the token, as its first frame. It is told nothing before. */
export class Stranger {
  readonly #ws: WebSocket;
  readonly #outbox: Outbox;
  readonly #ports: StrangerPorts;

  constructor(ws: WebSocket, stream: Duplex, ports: StrangerPorts) {
    this.#ws = ws;
    this.#outbox = new Outbox(ws, stream, ports.clock);
    this.#ports = ports;
  }

  ask(): void {
    const { clock, onAdmitted } = this.#ports;
    const timer = clock.setTimeout(() => this.#dismiss('no token came in time'), tokenMsMax);
    const early: Parameters<typeof hear>[] = [];
    let first: Promise<void> | undefined;
    const leave = () => {
      clock.clearTimeout(timer);
      this.#ws.off('message', hear);
    };
    const hear = (data: RawData, isBinary: boolean): void => {
      // What comes before it is known who this is waits for whoever is let in.
      if (first !== undefined) {
        early.push([data, isBinary]);
        return;
      }
      this.#ws.pause();
      first = this.#check(isBinary ? '' : String(data), isBinary)
        .then((caller) => {
          leave();
          if (!this.#outbox.isOpen) return;
          this.#outbox.say({ type: 'authenticated' });
          onAdmitted(caller);
          for (const frame of early) this.#ws.emit('message', ...frame);
        })
        .catch((error: unknown) => {
          leave();
          this.#outbox.sayError(refusalOf(error));
          this.#dismiss('no right token came');
        })
        .finally(() => this.#ws.resume());
    };
    this.#ws.on('message', hear);
    this.#ws.once('close', leave);
    this.#outbox.say({ type: 'auth_required' });
  }

  async #check(text: string, isBinary: boolean): Promise<Caller> {
    const command = readCommand(text, isBinary);
    if (command.command !== 'auth') {
      const message = 'this server asks for a token: send {"command":"auth","token":"…"} first';
      throw new KoubouError('auth.missing', message);
    }
    return this.#ports.identify(command.token);
  }

  #dismiss(reason: string): void {
    this.#outbox.close(closeCodes.policy, reason);
  }
}

function refusalOf(error: unknown): KoubouError {
  if (error instanceof KoubouError) return error;
  return new KoubouError('internal', 'something went wrong here', { cause: error });
}
