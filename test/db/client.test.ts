import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/client.ts';
import { onDisposal } from '../support/disposal.ts';
import { temporaryFolder } from '../support/running-server.ts';

/** As SQLite numbers them: 2 waits at each commit until the disk has it, 1 only at checkpoints. */
test.each([
  ['full', 2],
  ['normal', 1],
] as const)('durability %s asks SQLite for that much, on a write-ahead log', (durability, synchronous) => {
  const { $client: client } = openDatabase(join(temporaryFolder(), 'koubou.db'), durability);
  onDisposal(() => client.close());
  expect(client.pragma('synchronous', { simple: true })).toBe(synchronous);
  expect(client.pragma('journal_mode', { simple: true })).toBe('wal');
});
