import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A place on the network that stays the same while the server behind it comes and goes. It can be cut: all connections end
 * without a word, and as long as it is down no new one is let through.
 */
export class CuttableProxy {
  port = 0;
  /** Port of who answers now; 0 while there is nobody. */
  upstream = 0;
  isDown = false;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#join(client));

  static async listen(): Promise<CuttableProxy> {
    const proxy = new CuttableProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    proxy.port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  /** @returns how many connections it has ended */
  cut(): number {
    const count = this.#sockets.size / 2;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return count;
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #join(client: Socket): void {
    if (this.isDown || this.upstream === 0) {
      client.destroy();
      return;
    }
    const server = connect(this.upstream, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
