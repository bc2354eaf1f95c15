import { expect, test } from 'vitest';
import { readServerEvents, type ServerEvent } from '../../../src/cli/sse-reader.ts';
import { streamsMax } from '../../../src/http/logs/log-stream.ts';
import { PuppetBackend } from '../../support/puppet-backend.ts';
import { spec, succeeded } from '../../support/running-server.ts';
import { type LogClient, setupLogApi, untilLogged } from './setup-log-api.ts';

interface Line {
  readonly worker: string;
  readonly type: string;
  readonly message: string;
}

/** One reader of the stream. */
class Reader {
  readonly #events: AsyncGenerator<ServerEvent>;

  constructor(response: Response) {
    if (response.body === null) throw new Error('the stream has no body');
    this.#events = readServerEvents(response.body);
  }

  async next(): Promise<{ readonly id: number; readonly line: Line } | undefined> {
    const { value, done } = await this.#events.next();
    return done === true ? undefined : { id: Number(value.id), line: JSON.parse(value.data) };
  }

  async messages(count: number): Promise<readonly string[]> {
    const messages: string[] = [];
    while (messages.length < count) messages.push((await this.next())?.line.message ?? 'the end');
    return messages;
  }

  leave(): Promise<unknown> {
    return this.#events.return(undefined);
  }
}

async function open(client: LogClient, query = '', headers: Record<string, string> = {}): Promise<Reader> {
  const response = await client.app.request(`/api/logs/stream${query}`, { headers });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ]);
  return new Reader(response);
}

const run = ['task accepted', 'task begun', 'task completed'];

test('lines come as they happen, in the shape of those in the logs', async () => {
  const client = await setupLogApi();
  const reader = await open(client);
  const first = reader.next();
  await client.done();
  const streamed = [await first, await reader.next(), await reader.next()].map((event) => event?.line);
  const { logs } = await untilLogged(client, '/api/logs/recent', 3);
  const withoutTime = ({ worker, type, message }: Line) => ({ worker, type, message });
  expect(streamed.map((line) => withoutTime(line as Line))).toEqual(logs.map(withoutTime));
  expect(Object.keys(streamed[0] ?? {})).toEqual(Object.keys(logs[0]));
  await reader.leave();
});

test('with Last-Event-ID nothing is missing and nothing comes twice, cut anywhere', async () => {
  const client = await setupLogApi();
  const before = client.runtime.lastSeq;
  for (let n = 0; n < 3; n += 1) await client.done();
  const whole = [...run, ...run, ...run];
  for (let had = 0; had <= whole.length; had += 1) {
    const reader = await open(client, '', { 'last-event-id': String(before + had) });
    expect(await reader.messages(whole.length - had)).toEqual(whole.slice(had));
    await reader.leave();
  }
});

test('what happens while a reader catches up follows right behind, once', async () => {
  const client = await setupLogApi();
  const since = client.runtime.lastSeq;
  // More than one read of the record.
  await client.runtime.delegate(Array.from({ length: 150 }, () => spec()));
  const reader = await open(client, '', { 'last-event-id': String(since) });
  const ids: number[] = [];
  while (ids.length < 450) ids.push((await reader.next())?.id ?? 0);
  expect(ids).toEqual(Array.from({ length: 450 }, (_, n) => since + 1 + n));
  await reader.leave();
});

test('a stream can be narrowed to a worker and to a type', async () => {
  const client = await setupLogApi();
  const since = { 'last-event-id': String(client.runtime.lastSeq) };
  await client.done();
  const ofWorker = await open(client, '?worker=worker_1', since);
  const successes = await open(client, '?worker=all&type=success', since);
  expect(await ofWorker.messages(2)).toEqual(run.slice(1));
  expect(await successes.messages(1)).toEqual(run.slice(2));
  await client.done();
  expect(await ofWorker.messages(2)).toEqual(run.slice(1));
  expect(await successes.messages(1)).toEqual(run.slice(2));
  await Promise.all([ofWorker.leave(), successes.leave()]);
});

test('the stream ends with the pool', async () => {
  const client = await setupLogApi();
  const reader = await open(client);
  const first = reader.next();
  await client.done();
  await first;
  await client.runtime.drain();
  const rest: string[] = [];
  for (let event = await reader.next(); event !== undefined; event = await reader.next())
    rest.push(event.line.message);
  expect(rest.slice(0, 2)).toEqual(run.slice(1));
  expect(rest.at(-1)).toBe('pool stopped');
});

test('a Last-Event-ID that is none, or of another record, is refused', async () => {
  const client = await setupLogApi();
  for (const id of ['x', '-1', '1:2', '999999']) {
    const { status, body } = await client.get('/api/logs/stream', { 'last-event-id': id });
    expect([status, body.status]).toEqual([400, 'error']);
  }
});

test('so many streams may be open, one more is told to come back, and one that leaves makes room', async () => {
  const client = await setupLogApi({ backend: new PuppetBackend().backend });
  const since = { 'last-event-id': String(client.runtime.lastSeq) };
  await client.runtime.delegate([spec()]);
  const readers: Reader[] = [];
  while (readers.length < streamsMax) {
    const reader = await open(client, '', since);
    await reader.next();
    readers.push(reader);
  }
  const { status, headers } = await client.get('/api/logs/stream');
  expect([status, headers.get('retry-after')]).toEqual([429, '5']);
  await readers[0]?.leave();
  await (await open(client)).leave();
  await Promise.all(readers.map((reader) => reader.leave()));
});

test('a reader that does not read is cut off', async () => {
  const puppet = new PuppetBackend();
  const client = await setupLogApi({ backend: puppet.backend });
  const response = await client.app.request('/api/logs/stream');
  const raw = response.body?.getReader();
  await raw?.read(); // The greeting.
  const blocked = raw?.read();
  for (let batch = 0; batch < 16; batch += 1)
    await client.runtime.delegate(Array.from({ length: 1_000 }, () => spec({ priority: 1 })));
  await blocked;
  (await puppet.job(1)).settle(succeeded('x'));
  const rest = async () => {
    for (let { done } = (await raw?.read()) ?? { done: true }; !done; )
      done = (await raw?.read())?.done ?? true;
  };
  await expect(rest()).rejects.toThrow('too slow');
});
