import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttableNetwork {
  readonly port: number;
  /** Ends all connections that stand, without a word; new ones are let through. */
  cut(): void;
  close(): Promise<void>;
}

/** A TCP proxy on this machine that stands for a network which breaks when the test says so. */
export function startCuttableNetwork(port: number): Promise<CuttableNetwork> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        cut,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            cut();
          }),
      });
    });
  });
}
