import { JoinClient, type JoinEnding } from '../actors/join-client.ts';
import type { Dial, LinkSocket } from '../actors/link-socket.ts';
import type { Random } from '../actors/random.ts';
import type { Config } from '../config/settings.ts';
import type { WorkerId } from '../machines/identifiers.ts';
import type { WorkerConfig } from '../machines/routing-policy.ts';
import { FrameFaults } from './frame-faults.ts';
import type { NetworkFaultName } from './link-events.ts';
import { ModelMemory } from './model-memory.ts';
import type { VirtualNetwork } from './virtual-network.ts';
import { VirtualServer } from './virtual-server.ts';
import type { Owner } from './virtual-time.ts';
import type { World } from './world.ts';

export interface JoinerPorts {
  readonly world: World;
  readonly network: VirtualNetwork;
  readonly worker: WorkerConfig;
  /** Names the process. */
  readonly instance: string;
  /** The machine that it runs on. */
  readonly host: string;
  /** The version of the protocol that it speaks instead of the right one. */
  readonly protocol: number | null;
  readonly onEnded: (joiner: VirtualJoiner, how: 'refused' | 'stopped') => void;
}

/** What an operator gives `koubou worker` for what runs when it is stopped. */
const drainGraceMs = 30_000;

/** One process of `koubou worker`: the real client, with a time, a memory and a server of its own. */
export class VirtualJoiner {
  readonly owner: Owner = { isDead: false, asleepUntilMs: 0 };
  readonly instance: string;
  readonly host: string;
  readonly #ports: JoinerPorts;
  readonly #client: JoinClient;
  readonly #server: VirtualServer;

  constructor(ports: JoinerPorts) {
    const { world, worker, instance, host, protocol } = ports;
    this.#ports = ports;
    this.instance = instance;
    this.host = host;
    this.#server = this.#openServer();
    const { workerId, maxConcurrentTasks: slots, performanceFactor, capabilities } = worker;
    this.#client = new JoinClient({
      clock: world.time.clockOf(this.owner),
      random: countedRandom(world, instance),
      dial: this.#dial,
      backend: (job, io) => this.#server.run(worker, job, io),
      look: (signal) => this.#server.probe(worker, signal),
      announced: { workerId, slots, models: null, capabilities, labels: {}, performanceFactor },
      instance,
      drainGraceMs,
      onNews: () => undefined,
      // Backends that throw are planned, and told of as such.
      onFault: () => undefined,
    });
    const isOutdated = protocol !== null;
    world.emit({ type: 'joiner.began', workerId, instance, slots, performanceFactor, isOutdated });
    void this.#client.ended.then((ending) => this.#ended(ending));
    void this.#client.start();
  }

  get workerId(): WorkerId {
    return this.#ports.worker.workerId;
  }

  /** Takes nothing more, and ends when its work has, or its grace. */
  stop(): void {
    this.#client.stop();
  }

  /** It dies; `isSilent`: with its machine, so that nobody closes its connections. */
  die(how: string, isSilent = false): void {
    if (this.owner.isDead) return;
    this.owner.isDead = true;
    this.#server.hangUp();
    this.#ports.network.workerDied(this.owner, isSilent);
    const { world } = this.#ports;
    world.emit({ type: 'joiner.ended', workerId: this.workerId, instance: this.instance, how });
  }

  /** It stands still with all that it runs. */
  sleep(untilMs: number): void {
    this.owner.asleepUntilMs = Math.max(this.owner.asleepUntilMs, untilMs);
  }

  #ended({ kind }: JoinEnding): void {
    if (this.owner.isDead) return;
    this.die(kind);
    this.#ports.onEnded(this, kind);
  }

  /** Generates on this machine; it is looked at here, and that is no sign of life for the pool. */
  #openServer(): VirtualServer {
    const { world, instance } = this.#ports;
    return new VirtualServer(instance, {
      random: world.random,
      mix: () => world.mix,
      memory: new ModelMemory(modelsOf(world.files), null),
      emit: (event) => {
        if (event.type !== 'beat') world.emit(event);
      },
      clock: () => world.time.clockOf(this.owner),
      worldClock: () => world.clock,
      process: () => world.process.number,
    });
  }

  readonly #dial: Dial = (listener) => {
    const { world, network, host, protocol } = this.#ports;
    const { line, link } = network.dial(host, this.owner);
    const { wire, witness } = line;
    const faults = new FrameFaults({
      random: world.random,
      mix: () => world.mix,
      clock: world.time.clockOf(this.owner),
      protocol,
      name: `${this.instance} ${witness.connection}`,
      others: () => this.#othersLeases(),
      fault: (name: NetworkFaultName, detail) => world.emit({ type: 'fault', name, detail, forMs: 0 }),
      send: (text, bytes) => wire.worker.sendSized(text, bytes),
    });
    wire.worker.on('open', listener.onOpen);
    link.listen({
      onMessage: (text) => {
        for (let times = faults.timesTaken(text); times > 0; times -= 1) {
          witness.told(text);
          listener.onMessage(text);
        }
      },
      onClose: listener.onClose,
    });
    const faulty: LinkSocket = {
      send: (text) => faults.send(text),
      close: (code, reason) => link.close(code, reason),
      terminate: () => link.terminate(),
      get bufferedAmount() {
        return link.bufferedAmount;
      },
      listen: (each) => link.listen(each),
    };
    return faulty;
  };

  /** What a forger would like to answer: leases that others hold. */
  #othersLeases() {
    return [...this.#ports.world.ledger.tasks.values()].flatMap(
      ({ state, taskId, assignmentId, workerId }) => {
        const isOthers = state === 'leased' && assignmentId !== null && workerId !== this.workerId;
        return isOthers ? [{ taskId, assignmentId }] : [];
      },
    );
  }
}

/** The same question is answered anew each time, as by a real source. */
function countedRandom({ random }: World, instance: string): Random {
  let draws = 0;
  return {
    draw: (purpose) => random.draw(purpose, `${instance} ${draws++}`),
    suffix: (length) => random.suffix(length),
  };
}

/** It has whatever the files name. */
function modelsOf({ models }: Config): readonly string[] {
  return [...new Set([models.defaultModel, ...Object.values(models.catalog).map(({ name }) => name)])];
}
