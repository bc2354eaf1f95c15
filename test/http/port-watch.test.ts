import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { watchListener } from '../../src/http/port-watch.ts';
import { onDisposal } from '../support/disposal.ts';

function setup(port = 0) {
  const server = createServer();
  const told: { refused: unknown[]; faults: unknown[] } = { refused: [], faults: [] };
  watchListener(
    server,
    { host: '127.0.0.1', port, variable: 'KOUBOU_LOGS_PORT' },
    (error) => told.refused.push(error),
    (error) => told.faults.push(error),
  );
  onDisposal(() => void server.close());
  const opened = new Promise<void>((resolve) => {
    server.once('listening', resolve);
    server.once('error', () => resolve());
  });
  server.listen(port, '127.0.0.1');
  return { server, told, opened };
}

test('a listener that cannot accept one more connection says so and goes on', async () => {
  const { server, told, opened } = setup();
  await opened;
  const fault = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
  server.emit('error', fault);
  server.emit('error', fault);
  expect(told).toEqual({ refused: [], faults: [fault, fault] });
  expect(server.listening).toBe(true);
});

test('a port that is taken is refused with the variable that sets another', async () => {
  const first = setup();
  await first.opened;
  const { port } = first.server.address() as AddressInfo;
  const second = setup(port);
  await second.opened;
  expect(second.told.faults).toEqual([]);
  expect(second.told.refused).toMatchObject([
    { code: 'port.taken', message: expect.stringContaining('KOUBOU_LOGS_PORT'), details: { port } },
  ]);
});
