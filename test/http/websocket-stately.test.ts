import { once } from 'node:events';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { describe, expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { Config } from '../../src/config/settings.ts';
import { InspectDesk } from '../../src/http/websocket/inspect-desk.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { inspectionLimits } from '../../src/machines/inspection-limits.ts';
import { onDisposal } from '../support/disposal.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { spec, succeeded } from '../support/running-server.ts';
import { until } from '../support/until.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { type DoorSetUp, setupWatching } from '../support/watching.ts';
import { Workshop } from '../support/workshop.ts';

const token = 'right/token+0123456789=';
const withToken: DoorSetUp = { change: (config) => ({ ...config, apiToken: token }) };

/** A server with one worker, and the package's own receiver in front of it. */
async function setupStately(setUp: DoorSetUp = {}) {
  const puppet = new PuppetBackend();
  const world = await setupWatching({
    backend: puppet.backend,
    workers: [{ workerId: workerId('w1'), maxConcurrentTasks: 1 }],
    ...setUp,
  });
  const address = (query = '', credentials = '') =>
    `${world.url.replace('ws://', `ws://${credentials}`)}stately${query}`;
  const receive = (query = '', credentials = '') => {
    const told: StatelyInspectionEvent[] = [];
    createWebSocketReceiver({ server: address(query, credentials) }).subscribe(
      (event) => void told.push(event),
    );
    return told;
  };
  return { ...world, puppet, address, receive };
}

/** What a tool is answered that knocks there: 101 when it is let in. */
function knock(address: string): Promise<number> {
  return new Promise((resolve) => {
    const ws = new WebSocket(address);
    onDisposal(() => ws.terminate());
    ws.on('error', () => undefined);
    ws.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    ws.on('open', () => resolve(101));
  });
}

/** A tool that has been let in. */
async function enter(address: string, options: ClientOptions = {}): Promise<WebSocket> {
  const ws = new WebSocket(address, options);
  onDisposal(() => ws.terminate());
  await once(ws, 'open');
  return ws;
}

const of = (told: readonly StatelyInspectionEvent[], actor: string) =>
  told.filter(({ sessionId }) => sessionId === actor);
const brief = (message: StatelyInspectionEvent) =>
  message.type === '@xstate.actor' ? message.type : `${message.type} ${message.event.type}`;

describe('the receiver of @statelyai/inspect', () => {
  test('is shown an actor with its definition, then its events and snapshots in order, then its end', async () => {
    const { runtime, puppet, receive } = await setupStately();
    const { taskIds } = await runtime.delegate([spec({ prompt: 'a secret' })]);
    const [actor = ''] = taskIds;
    const { settle } = await puppet.job(1);
    const told = receive(`?actor=${actor}&actor=worker:w1`);
    await until(() => expect(told).toHaveLength(2));
    const [task, worker] = told;
    expect(task).toMatchObject({
      type: '@xstate.actor',
      sessionId: actor,
      rootId: 'pool',
      snapshot: { status: 'active', value: { leased: 'running' }, context: { leases: 1 } },
    });
    expect(JSON.parse((task as { definition?: string }).definition ?? '')).toMatchObject({
      id: 'task',
      initial: 'queued',
    });
    expect(worker).toMatchObject({ type: '@xstate.actor', sessionId: 'worker:w1', parentId: 'pool' });

    settle(succeeded('done'));
    await until(() => expect(of(told, actor)).toHaveLength(4));
    expect(of(told, actor).map(brief)).toEqual([
      '@xstate.actor',
      '@xstate.event task.settle',
      '@xstate.snapshot task.settle',
      '@xstate.snapshot koubou.ended',
    ]);
    expect(of(told, actor).at(-1)).toMatchObject({ snapshot: { status: 'done', value: 'completed' } });
    await until(() => expect(of(told, 'worker:w1').map(brief)).toContain('@xstate.event execution.settled'));
    expect(new Set(told.map(({ type }) => type.split('.')[0]))).toEqual(new Set(['@xstate']));
    expect(JSON.stringify(told)).not.toContain('a secret');
  });

  test('is shown the tree where it names nobody, and a task when it begins', async () => {
    const doorClock = new VirtualClock();
    const { runtime, puppet, receive } = await setupStately({ doorClock });
    const told = receive();
    await until(() => expect(told).toHaveLength(3));
    expect(told.map(({ sessionId }) => sessionId)).toEqual([
      'pool',
      'worker:w1',
      expect.stringMatching(/^endpoint:/),
    ]);
    const { taskIds } = await runtime.delegate([spec(), spec()]);
    await puppet.job(1);
    expect(of(told, taskIds[0] ?? '')).toEqual([]);
    await doorClock.advance(1_000);
    await until(() => expect(of(told, taskIds[0] ?? '').map(brief)).toEqual(['@xstate.actor']));
    expect(of(told, taskIds[1] ?? '')).toEqual([]);
    expect(of(told, 'pool').filter(({ type }) => type === '@xstate.actor')).toHaveLength(1);
  });

  test('is shown an actor anew that was started anew under the name that it asked for', async () => {
    const doorClock = new VirtualClock();
    let inForce: Config | undefined;
    let reread: readonly string[] = [];
    const { runtime, receive } = await setupStately({
      doorClock,
      workers: [{ workerId: workerId('w1') }, { workerId: workerId('w2') }],
      change: (config) => {
        inForce = config;
        return config;
      },
      reread: () => {
        const { workers, ...rest } = inForce as Config;
        return { ...rest, workers: workers.filter(({ workerId: id }) => reread.includes(id)) };
      },
    });
    const told = receive('?actor=worker:w1');
    await until(() => expect(told.map(brief)).toEqual(['@xstate.actor']));
    reread = ['w2'];
    await runtime.reload();
    await until(() => expect(told.map(brief).at(-1)).toBe('@xstate.snapshot koubou.ended'));
    await doorClock.advance(1_000);
    reread = ['w1', 'w2'];
    await runtime.reload();
    await until(async () => {
      await doorClock.advance(1_000);
      expect(told.map(brief).lastIndexOf('@xstate.actor')).toBeGreaterThan(0);
    });
  });

  test('comes in with the token as the password of its address', async () => {
    const { receive } = await setupStately(withToken);
    const told = receive('?actor=pool', `any:${encodeURIComponent(token)}@`);
    await until(() => expect(told.map(brief)).toEqual(['@xstate.actor']));
  });
});

describe('a tool', () => {
  test('without the token, or with a wrong one, is refused: it cannot send one later', async () => {
    const { address } = await setupStately(withToken);
    expect(await knock(address())).toBe(401);
    expect(await knock(address(`?token=${encodeURIComponent(token)}`))).toBe(401);
    expect(await knock(address('', 'any:wrong@'))).toBe(401);
    expect(await knock(address('', `any:${encodeURIComponent(token)}@`))).toBe(101);
  });

  test('that names an actor that is not there is refused, or more than one connection may watch', async () => {
    const { address } = await setupStately();
    expect(await knock(address('?actor=worker:w2'))).toBe(404);
    expect(await knock(address('?actor=nonsense'))).toBe(400);
    const most = inspectionLimits.actorsPerWatcherMax;
    const names = Array.from({ length: most + 1 }, (_, at) => `actor=worker:w${at}`);
    expect(await knock(address(`?${names.join('&')}`))).toBe(429);
    const same = Array.from({ length: most + 1 }, () => 'actor=pool');
    expect(await knock(address(`?${same.join('&')}`))).toBe(101);
  });

  test('leaves nothing behind: neither a watched actor nor a timer', async () => {
    const doorClock = new VirtualClock();
    const { runtime, address } = await setupStately({ doorClock });
    const ws = await enter(address());
    await until(() => expect(runtime.inspection.observed).toBe(3));
    ws.terminate();
    await until(() => expect([runtime.inspection.observed, doorClock.pending]).toEqual([0, 0]));
  });

  test('that gives no sign of life is cut', async () => {
    const doorClock = new VirtualClock();
    const { address, runtime } = await setupStately({ doorClock });
    const ws = await enter(address(), { autoPong: false });
    const closed = new Promise((resolve) => ws.on('close', resolve));
    await until(() => expect(runtime.inspection.observed).toBe(3));
    await doorClock.advance(30_000);
    await doorClock.advance(30_000);
    expect(await closed).toBe(1006);
  });

  test('hears from a server that stops that it is going', async () => {
    const { address, runtime } = await setupStately();
    const ws = await enter(address('?actor=pool'));
    const closed = new Promise((resolve) => ws.on('close', resolve));
    await until(() => expect(runtime.inspection.observed).toBe(1));
    await runtime.close();
    expect(await closed).toBe(1001);
  });
});

/** A tool whose network takes what it is given when the test says so. */
class SlowTool {
  readonly format = 'stately';
  hasRoom = true;
  readonly told: string[] = [];

  readonly send = (frame: Buffer): void => {
    this.told.push(...(String(frame).match(/@xstate\.\w+|koubou\.\w+/g) ?? []));
  };
  readonly forget = (): void => undefined;
}

test('a slow tool is told nothing until it has read, then how things stand', async () => {
  const workshop = await new Workshop().open();
  const desk = new InspectDesk(workshop.runtime.inspection, workshop.clock);
  const reader = new SlowTool();
  const [, id = ''] = await workshop.delegate(2);
  desk.enter(id, reader, () => undefined);
  reader.hasRoom = false;
  await workshop.clock.advance(12_000); // It is handed out, and begins.
  expect(reader.told).toEqual(['@xstate.actor']);
  reader.hasRoom = true;
  await workshop.clock.advance(inspectionLimits.overviewMs);
  expect(reader.told.slice(1)).toEqual(['@xstate.snapshot', 'koubou.skipped']);
});
