import { expect, test } from 'vitest';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { type RestClient, setupRest } from '../support/rest-client.ts';
import { succeeded } from '../support/running-server.ts';

interface Frame {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Reads a stream of events, one by one or until it ends. */
class EventReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = '';

  constructor(response: Response) {
    if (response.body === null) throw new Error('the stream has no body');
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  async next(): Promise<Frame | undefined> {
    for (;;) {
      const end = this.#rest.indexOf('\n\n');
      if (end >= 0) {
        const frame = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        if (!frame.startsWith(':')) return parse(frame);
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#rest += value;
    }
  }

  async all(): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) frames.push(frame);
    return frames;
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}

function parse(frame: string): Frame {
  const fields = new Map(frame.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  return {
    id: fields.get('id'),
    event: fields.get('event') ?? '',
    data: JSON.parse(fields.get('data') ?? '{}'),
  };
}

async function watch(rest: RestClient, id: string, lastEventId?: string): Promise<EventReader> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  return new EventReader(await rest.app.request(`/task/${id}/events`, { headers }));
}

async function delegate(rest: RestClient): Promise<string> {
  return (await rest.post('/task/delegate', { prompt: 'p' })).body.task_id;
}

test('a watcher gets the facts and the text of a task in their order, and its end', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const id = await delegate(rest);
  const { io, settle } = await puppet.job(1);
  const reader = await watch(rest, id);
  expect([(await reader.next())?.event, (await reader.next())?.event]).toEqual([
    'task.accepted',
    'task.assigned',
  ]);
  io.onText('工');
  io.onText('房');
  expect((await reader.next())?.data).toMatchObject({ text: '工', offset: 0 });
  expect((await reader.next())?.data).toMatchObject({ text: '房', offset: 1 });
  settle(succeeded('工房'));
  const [completed, end, ...more] = await reader.all();
  expect(completed).toMatchObject({ event: 'task.completed', data: { from: 'running', to: 'completed' } });
  expect(end).toMatchObject({
    event: 'end',
    data: { task_id: id, status: 'completed', result: { output: '工房' } },
  });
  expect(more).toEqual([]);
});

test('who comes late gets the text so far', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const id = await delegate(rest);
  const { io } = await puppet.job(1);
  io.onText('once ');
  io.onText('upon');
  const reader = await watch(rest, id);
  await reader.next();
  await reader.next();
  expect((await reader.next())?.data).toMatchObject({ text: 'once upon', offset: 0 });
  await reader.leave();
});

test('with Last-Event-ID nothing is missing and nothing comes twice, cut anywhere', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const id = await delegate(rest);
  const { io, settle } = await puppet.job(1);
  const whole = await watch(rest, id);
  const first = [await whole.next(), await whole.next()] as Frame[];
  for (const text of ['a', 'bc', 'd']) io.onText(text);
  const texts = [await whole.next(), await whole.next(), await whole.next()] as Frame[];
  const resumed = await Promise.all([...first, ...texts].map((frame) => watch(rest, id, frame.id)));
  settle(succeeded('abcd'));
  const expected = 'abcd';
  for (const [index, reader] of resumed.entries()) {
    const frames = await reader.all();
    const had = texts.slice(0, Math.max(0, index - 1)).map(({ data }) => data['text']);
    const got = frames.filter(({ event }) => event === 'token').map(({ data }) => data['text']);
    expect([...had, ...got].join('')).toBe(expected);
    const facts = frames.filter(({ event }) => event.startsWith('task.')).map(({ event }) => event);
    expect(facts).toEqual(index === 0 ? ['task.assigned', 'task.completed'] : ['task.completed']);
  }
  await whole.leave();
});

test('the record of an ended task is told whole, and the stream ends', async () => {
  const rest = await setupRest();
  const { body } = await rest.post('/task/delegate', { prompt: 'p', sync: true });
  const frames = await (await watch(rest, body.task_id)).all();
  expect(frames.map(({ event }) => event)).toEqual([
    'task.accepted',
    'task.assigned',
    'task.completed',
    'end',
  ]);
});

test('the text of a second attempt starts anew', async () => {
  const puppet = new PuppetBackend();
  const rest = await setupRest({ backend: puppet.backend });
  const id = await delegate(rest);
  const first = await puppet.job(1);
  const reader = await watch(rest, id);
  await reader.next();
  await reader.next();
  first.io.onText('half an ans');
  await reader.next();
  first.settle({ kind: 'retry', failure: { code: 'backend.cut', message: 'cut' }, delayMsMin: 0 });
  const second = await puppet.job(2);
  second.io.onText('a whole answer');
  second.settle(succeeded('a whole answer'));
  const frames = await reader.all();
  expect(frames.map(({ event }) => event)).toEqual([
    'task.retried',
    'task.assigned',
    'token',
    'task.completed',
    'end',
  ]);
  expect(frames[2]?.data).toMatchObject({ text: 'a whole answer', offset: 0 });
});

test('a watcher that leaves is forgotten', async () => {
  const rest = await setupRest({ backend: new PuppetBackend().backend });
  const reader = await watch(rest, await delegate(rest));
  await reader.next();
  expect(rest.runtime.stream.followers).toBe(1);
  await reader.leave();
  expect(rest.runtime.stream.followers).toBe(0);
});

test('a Last-Event-ID that is none is refused', async () => {
  const rest = await setupRest();
  const id = await delegate(rest);
  const { status, body } = await rest.get(`/task/${id}/events`, { 'last-event-id': 'x' });
  expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
});
