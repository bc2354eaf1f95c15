import { afterEach, expect, test, vi } from 'vitest';
import type { McpPorts } from '../../src/http/mcp/mcp-ports.ts';
import { withTaskSubscriptions } from '../../src/http/mcp/task-extension-listen.ts';
import type { TaskId } from '../../src/machines/identifiers.ts';
import { mcpLimits } from '../../src/machines/mcp-limits.ts';
import { mcpTaskLimits } from '../../src/machines/mcp-task-limits.ts';
import type { Follower } from '../../src/runtime/following.ts';
import { setupRuntime, spec } from '../support/running-server.ts';
import { requestOf } from './mcp-task-client.ts';

afterEach(() => void vi.useRealTimers());

/** The library's side of a subscription: it acknowledges, and has nothing more to tell. */
const library = {
  fetch: async () => {
    const params = { notifications: {}, _meta: {} };
    const acknowledged = { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params };
    const farewell = { jsonrpc: '2.0', id: 7, result: { resultType: 'complete' } };
    const frames = [acknowledged, farewell].map(
      (frame) => `event: message\ndata: ${JSON.stringify(frame)}\n\n`,
    );
    return new Response(frames.join(''), { headers: { 'content-type': 'text/event-stream' } });
  },
  close: async () => undefined,
};

/** A task that goes on, and whoever follows it. */
async function setupFollowed() {
  const { runtime } = await setupRuntime({ backend: () => new Promise(() => undefined) });
  const id = (await runtime.delegate([spec({ prompt: 'x' })])).taskIds[0] as TaskId;
  const followers: Follower[] = [];
  const task = { ...runtime.task(id), worker_id: 'w'.repeat(mcpLimits.outputCharsMax), state: 'running' };
  const ports = {
    runtime: {
      task: () => task,
      follow: (_id: TaskId, _since: unknown, follower: Follower) => {
        followers.push(follower);
        return () => void followers.splice(followers.indexOf(follower), 1);
      },
    },
  } as unknown as Pick<McpPorts, 'runtime'>;
  const door = withTaskSubscriptions(library, () => ports);
  const subscribe = async (signal?: AbortSignal) => {
    const { body, headers } = requestOf('subscriptions/listen', { notifications: { taskIds: [id] } });
    const init = { method: 'POST', headers, ...(signal === undefined ? {} : { signal }) };
    return door.fetch(new Request('http://localhost/mcp', init), { parsedBody: JSON.parse(body) });
  };
  return { door, subscribe, followers };
}

test('one subscription more than there may be is refused, until one has ended', async () => {
  const { subscribe, door } = await setupFollowed();
  const first = new AbortController();
  const opened = [await subscribe(first.signal)];
  while (opened.length < mcpTaskLimits.subscriptionsMax) opened.push(await subscribe());
  const refused = await subscribe();
  expect(await refused.json()).toMatchObject({ id: 7, error: { code: -32_603 } });
  first.abort();
  expect((await subscribe()).headers.get('content-type')).toBe('text/event-stream');
  await door.close();
});

test('a reader that does not read is cut when too much waits for it', async () => {
  const { subscribe, followers } = await setupFollowed();
  const { body } = await subscribe();
  const reader = body?.getReader();
  await reader?.read();
  const [follower] = followers as [Follower];
  const told = Math.ceil(mcpTaskLimits.unreadBytesMax / mcpLimits.outputCharsMax) + 1;
  for (let count = 0; count < told; count++) follower.onEvent({} as never);
  expect(followers).toEqual([]);
  await expect(reader?.read()).rejects.toThrow('too slow');
});

test('a subscription without news says that it is still there', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { subscribe, door } = await setupFollowed();
  const { body } = await subscribe();
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  const frames: string[] = [];
  const reading = (async () => {
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) return;
      frames.push(String(value));
    }
  })();
  await vi.waitFor(() => expect(frames.join('')).toContain('notifications/tasks'));
  expect(frames.join('')).not.toContain('still here');
  vi.advanceTimersByTime(mcpTaskLimits.keepAliveMs);
  await door.close();
  await reading;
  expect(frames.join('')).toContain(': still here\n\n');
});

test('when the server stops, each subscription ends with its farewell', async () => {
  const { subscribe, door, followers } = await setupFollowed();
  const { body } = await subscribe();
  const text = new Response(body).text();
  await vi.waitFor(() => expect(followers).toHaveLength(1));
  await door.close();
  expect(await text).toContain('"resultType":"complete"');
  expect(followers).toEqual([]);
});
