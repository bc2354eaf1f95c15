import type { ServerContext } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { mcpPorts } from '../../src/http/mcp/mcp-routes.ts';
import { waitForTask } from '../../src/http/mcp/task-progress.ts';
import { mcpLimits } from '../../src/machines/mcp-limits.ts';
import { Workshop } from '../support/workshop.ts';

interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message: string;
}

/** The context of a request that wants to hear of progress. */
function listening(told: Progress[], progressToken: number | undefined = 1): ServerContext {
  const notify = async ({ params }: { params?: unknown }) => void told.push(params as Progress);
  const mcpReq = { _meta: { progressToken }, signal: new AbortController().signal, notify };
  return { mcpReq } as unknown as ServerContext;
}

async function setupWait() {
  const workshop = await new Workshop().open();
  const ports = mcpPorts(workshop.runtime, { error: () => undefined }, workshop.clock);
  return { workshop, ports };
}

test('a wait without news says again and again that it goes on, and for how long', async () => {
  const { workshop, ports } = await setupWait();
  await workshop.learn(3);
  const id = await workshop.delegateOne();
  const told: Progress[] = [];
  const waiting = waitForTask(ports, id, 60_000, listening(told));
  await workshop.clock.advance(9_000);
  expect(told.length).toBeGreaterThanOrEqual(2);
  const last = told.at(-1) as Progress;
  expect(last.message).toMatch(/^runs on worker_1, 0 characters so far; expected to finish in \d+ s$/);
  // The runs before took 10 s each.
  expect(last.total).toBeGreaterThan(last.progress);
  expect(last.total).toBeLessThan(15);
  expect((await workshop.drive(waiting)).status).toBe('completed');
  const ended = told.length;
  await workshop.clock.advance(10 * mcpLimits.progressIntervalMs);
  expect(told).toHaveLength(ended);
});

test('a wait with much news tells it at its own pace', async () => {
  const { workshop, ports } = await setupWait();
  workshop.durationMs = () => 4_000;
  const id = await workshop.delegateOne();
  const told: Progress[] = [];
  const waiting = waitForTask(ports, id, 60_000, listening(told));
  await workshop.drive(waiting);
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThanOrEqual(4_000 / mcpLimits.progressGapMs + 1);
});

test('who did not ask for progress hears of none, and the wait ends at its bound', async () => {
  const { workshop, ports } = await setupWait();
  const id = await workshop.delegateOne();
  const told: Progress[] = [];
  const ctx = listening(told);
  const silent = { mcpReq: { ...ctx.mcpReq, _meta: {} } } as ServerContext;
  const waiting = waitForTask(ports, id, 3_000, silent);
  await workshop.clock.advance(3_001);
  expect((await workshop.drive(waiting)).status).toBe('in_progress');
  expect(told).toEqual([]);
});
