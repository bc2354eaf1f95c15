import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { KoubouError } from '../../machines/errors.ts';
import { wrongToken } from '../auth.ts';
import { readCommand } from './commands.ts';
import { closeCodes, type DoorClock, Outbox } from './outbox.ts';

/** Who has not sent the token within this is sent away, in ms. */
const tokenMsMax = 10_000;

export interface StrangerPorts {
  readonly clock: DoorClock;
  /** @throws KoubouError `rate.limited` when too many wrong ones came */
  readonly isRight: (token: string) => boolean;
  readonly onAdmitted: () => void;
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
    const { clock } = this.#ports;
    const timer = clock.setTimeout(() => this.#dismiss('no token came in time'), tokenMsMax);
    const leave = () => {
      clock.clearTimeout(timer);
      this.#ws.off('message', hear);
    };
    const hear = (data: RawData, isBinary: boolean) => {
      try {
        this.#check(isBinary ? '' : String(data), isBinary);
      } catch (error) {
        if (!(error instanceof KoubouError)) throw error;
        leave();
        this.#outbox.sayError(error);
        this.#dismiss('no right token came');
        return;
      }
      leave();
      this.#outbox.say({ type: 'authenticated' });
      this.#ports.onAdmitted();
    };
    this.#ws.on('message', hear);
    this.#ws.once('close', leave);
    this.#outbox.say({ type: 'auth_required' });
  }

  #check(text: string, isBinary: boolean): void {
    const command = readCommand(text, isBinary);
    if (command.command !== 'auth') {
      const message = 'this server asks for a token: send {"command":"auth","token":"…"} first';
      throw new KoubouError('auth.missing', message);
    }
    if (!this.#ports.isRight(command.token)) throw wrongToken();
  }

  #dismiss(reason: string): void {
    this.#outbox.close(closeCodes.policy, reason);
  }
}
