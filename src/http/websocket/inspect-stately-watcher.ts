import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { KoubouError } from '../../machines/errors.ts';
import { inspectionLimits as limits } from '../../machines/inspection-limits.ts';
import type { Runtime } from '../../runtime.ts';
import type { InspectDesk } from './inspect-desk.ts';
import { InspectFeed } from './inspect-feed.ts';
import { type DoorClock, Outbox } from './outbox.ts';
import { Pulse } from './pulse.ts';

/** How often a tool that watches is shown actors that have come since, in ms: a person does not wait for them. */
const roundMs = 1_000;

export interface StatelyWatcherPorts {
  readonly desk: InspectDesk;
  readonly clock: DoorClock;
  /** By name; none for those that live, as many as one connection may watch. */
  readonly actors: readonly string[];
}

/**
 * A tool that understands the messages of `@statelyai/inspect`, and sends nothing itself. It is shown the actors it has
 * named, or the tree from its root, and what comes to live there; one that ends and is started anew is shown anew.
 */
export class StatelyWatcher {
  readonly outbox: Outbox;
  readonly pulse: Pulse;
  readonly #ports: StatelyWatcherPorts;
  readonly #feed: InspectFeed;
  #timer: unknown;

  constructor(ws: WebSocket, stream: Duplex, ports: StatelyWatcherPorts) {
    this.outbox = new Outbox(ws, stream, ports.clock);
    this.pulse = new Pulse(ws);
    this.#ports = ports;
    this.#feed = new InspectFeed(ports.desk, this.outbox, 'stately');
    ws.on('close', () => this.#end());
  }

  readonly look = (): void => {
    this.#timer = this.#ports.clock.setTimeout(this.look, roundMs);
    const { actors, desk } = this.#ports;
    for (const actor of actors.length > 0 ? actors : namesIn(desk.inspection.tree())) {
      if (!this.#feed.hasRoom || this.#feed.isFull) return;
      if (!this.#feed.watches(actor)) this.#show(actor);
    }
  };

  #show(actor: string): void {
    try {
      this.#feed.subscribe(actor, () => undefined);
    } catch (error) {
      // It does not live just now.
      if (!(error instanceof KoubouError)) throw error;
    }
  }

  #end(): void {
    this.#ports.clock.clearTimeout(this.#timer);
    this.#feed.end();
  }
}

/**
 * The actors that a tool asks for, by the address that it knocks at: `/stately?actor=pool&actor=worker:local_001`.
 *
 * @throws KoubouError when there is none of a name, `rate.limited` for more than one connection may watch
 */
export function actorsAskedFor(url: string, inspection: Runtime['inspection']): readonly string[] {
  const names = [...new Set(new URL(url, 'ws://localhost').searchParams.getAll('actor'))];
  if (names.length > limits.actorsPerWatcherMax) {
    const message = `one connection watches ${limits.actorsPerWatcherMax} actors at most; open another one`;
    throw new KoubouError('rate.limited', message);
  }
  for (const name of names) inspection.actor(name);
  return names;
}

/** Those that live, and of tasks those that run: the others are too many. */
function namesIn({
  actor,
  workers,
  endpoints,
}: ReturnType<Runtime['inspection']['tree']>): readonly string[] {
  const staff = [...workers, ...endpoints].filter(({ states }) => states.length > 0);
  const tasks = workers.flatMap(({ executions }) => executions.map(({ task }) => task));
  return [actor, ...staff.map((each) => each.actor), ...tasks];
}
