import { describe, expect, test } from 'vitest';
import { workerId } from '../../src/machines/identifiers.ts';
import { limits } from '../../src/machines/limits.ts';
import { PuppetBackend } from '../support/puppet-backend.ts';
import { spec, succeeded } from '../support/running-server.ts';
import { setupWatching } from '../support/watching.ts';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

describe('a client that connects', () => {
  test('is shown the pool as it is, under the names of the original', async () => {
    const puppet = new PuppetBackend();
    const { runtime, enter } = await setupWatching({
      backend: puppet.backend,
      workers: [{ workerId: workerId('w1'), maxConcurrentTasks: 1 }],
    });
    const { taskIds } = await runtime.delegate([spec({ prompt: 'first' }), spec({ prompt: 'second' })]);
    await puppet.job(1);
    const { initial } = await enter();
    expect(initial).toEqual({
      type: 'initial_state',
      timestamp: time,
      seq: expect.any(Number),
      data: {
        tasks: { pending: 1, in_progress: 1, completed: 0, failed: 0, cancelled: 0 },
        workers: { total_workers: 1, busy_workers: 1, idle_workers: 0, total_completed: 0, total_failed: 0 },
        active_workers: [{ worker_id: 'w1', status: 'busy', current_task: taskIds[0] }],
        active_tasks: [
          {
            task_id: taskIds[0],
            summary: 'first',
            type: 'general',
            status: 'in_progress',
            assigned_to: 'w1',
            priority: 5,
            created_at: time,
          },
          expect.objectContaining({ task_id: taskIds[1], status: 'pending', assigned_to: null }),
        ],
      },
    });
    expect(initial.seq).toBeLessThanOrEqual(runtime.lastSeq);
  });

  test('is told it before its first command is answered', async () => {
    const { watch } = await setupWatching();
    const watching = watch();
    watching.ws.on('open', () => watching.say({ command: 'ping' }));
    expect([(await watching.next()).type, (await watching.next()).type]).toEqual(['initial_state', 'pong']);
  });
});

describe('commands', () => {
  test('are answered in their order, the slow ones too', async () => {
    const { enter } = await setupWatching();
    const watching = await enter();
    for (const command of ['get_stats', 'ping', 'get_stats', 'ping']) watching.say({ command });
    const types = [];
    for (let n = 0; n < 4; n += 1) types.push((await watching.next()).type);
    expect(types).toEqual(['stats', 'pong', 'stats', 'pong']);
  });

  test('get_stats tells counts, workers and connections', async () => {
    const { enter } = await setupWatching();
    await enter();
    const watching = await enter();
    expect(await watching.ask({ command: 'get_stats' }, 'stats')).toMatchObject({
      timestamp: time,
      data: { tasks: { pending: 0 }, workers: { total_workers: 1 }, active_connections: 2 },
    });
  });

  test('that are none are answered with an error, and the socket lives on', async () => {
    const { enter } = await setupWatching();
    const watching = await enter();
    const bad: [object | string, string][] = [
      ['{"command":', 'not valid JSON'],
      ['null', '"command" must be one of subscribe, unsubscribe, ping, get_stats, auth'],
      [[], '"command" must be one of'],
      [{ command: 'shutdown' }, '"command" must be one of'],
      [{ command: 'constructor' }, '"command" must be one of'],
      [{ command: 'subscribe' }, 'channel: '],
      [{ command: 'subscribe', channel: 'tasks' }, 'channel: '],
      [{ command: 'subscribe', channel: 'task', since: -1 }, 'since: '],
      [{ command: 'subscribe', channel: 'task', since: 1e9 }, 'since: the stream ends at'],
      [{ command: 'subscribe', channel: 'worker', task_id: 'x' }, 'task_id goes with'],
      [{ command: 'subscribe', channel: 'task', tokens: true }, 'name it by task_id'],
      [{ command: 'subscribe', channel: 'task', task_id: 'x', batch: true }, 'leave batch out'],
    ];
    for (const [command, words] of bad) {
      const error = await watching.ask(command, 'error');
      expect(error).toMatchObject({ code: 'INVALID_REQUEST', timestamp: time });
      expect(error.message).toContain(words);
    }
    watching.ws.send(Buffer.from('{"command":"ping"}'), { binary: true });
    expect((await watching.next()).message).toContain('text frame');
    expect(await watching.ask({ command: 'ping' }, 'pong')).toEqual({ type: 'pong', timestamp: time });
  });

  test('that are too long end the connection with 1009', async () => {
    const { enter } = await setupWatching();
    const watching = await enter();
    const frame = (bytes: number) => `{"command":"ping","x":"${'x'.repeat(bytes - 25)}"}`;
    expect(frame(limits.commandBytesMax)).toHaveLength(limits.commandBytesMax);
    await watching.ask(frame(limits.commandBytesMax), 'pong');
    watching.say(frame(limits.commandBytesMax + 1));
    expect(await watching.closed).toBe(1009);
  });
});

describe('channels', () => {
  test('tell what happens to tasks, to workers and to the pool', async () => {
    const { runtime, enter } = await setupWatching({ workers: [{ workerId: workerId('w1') }] });
    const watching = await enter();
    const channels = ['task', 'worker', 'system'];
    for (const channel of channels) {
      expect(await watching.ask({ command: 'subscribe', channel }, 'subscribed')).toMatchObject({
        channel,
        seq: expect.any(Number),
      });
    }
    await runtime.pause();
    expect(await watching.next('system_event')).toMatchObject({
      event: 'pool.paused',
      details: { from: 'running', to: 'paused' },
      timestamp: time,
      seq: runtime.lastSeq,
    });
    await runtime.resume();
    const { taskIds } = await runtime.delegate([spec()]);
    const updates = [];
    for (let n = 0; n < 3; n += 1) updates.push(await watching.next('task_update'));
    expect(updates.map(({ task_id, status }) => [task_id, status])).toEqual([
      [taskIds[0], 'pending'],
      [taskIds[0], 'in_progress'],
      [taskIds[0], 'completed'],
    ]);
    expect(updates[1]).toMatchObject({
      details: { event: 'task.assigned', worker_id: 'w1' },
      timestamp: time,
    });
    const ofWorker = watching.messages.filter(({ type }) => type === 'worker_update');
    expect(ofWorker.at(-1)).toMatchObject({ worker_id: 'w1', status: expect.any(String) });
    expect(ofWorker.map(({ details }) => details.event)).toContain('task.assigned');
  });

  test('say that a worker is busy while it works, and idle after', async () => {
    const puppet = new PuppetBackend();
    const { runtime, enter } = await setupWatching({ backend: puppet.backend });
    const watching = await enter();
    await watching.ask({ command: 'subscribe', channel: 'worker' }, 'subscribed');
    await runtime.delegate([spec()]);
    expect(await watching.next('worker_update')).toMatchObject({
      status: 'busy',
      details: { event: 'task.assigned' },
    });
    (await puppet.job(1)).settle(succeeded('done'));
    expect(await watching.next('worker_update')).toMatchObject({
      status: 'idle',
      details: { event: 'task.completed' },
    });
  });

  test('that were left tell nothing more', async () => {
    const { runtime, enter } = await setupWatching();
    const watching = await enter();
    await watching.ask({ command: 'subscribe', channel: 'system' }, 'subscribed');
    await watching.ask({ command: 'subscribe', channel: 'task' }, 'subscribed');
    await watching.ask({ command: 'unsubscribe', channel: 'task' }, 'unsubscribed');
    await runtime.delegate([spec()]);
    await runtime.pause();
    await watching.next('system_event');
    expect(watching.messages.filter(({ type }) => type === 'task_update')).toEqual([]);
  });
});

describe('a single task', () => {
  test('tells its facts, its text and its end, and those of no other', async () => {
    const puppet = new PuppetBackend();
    const { runtime, enter } = await setupWatching({ backend: puppet.backend });
    const id = (await runtime.delegate([spec()])).taskIds[0] as string;
    const watching = await enter();
    const { io, settle } = await puppet.job(1);
    io.onText('工');
    await watching.ask(
      { command: 'subscribe', channel: 'task', task_id: id, tokens: true, since: 0 },
      'subscribed',
    );
    expect([(await watching.next()).details.event, (await watching.next()).details.event]).toEqual([
      'task.accepted',
      'task.assigned',
    ]);
    io.onText('房');
    expect(await watching.next('task_text')).toMatchObject({ task_id: id, text: '工', offset: 0 });
    expect(await watching.next('task_text')).toMatchObject({
      text: '房',
      offset: 1,
      seq: expect.any(Number),
    });
    await runtime.delegate([spec()]);
    settle(succeeded('工房'));
    expect(await watching.next()).toMatchObject({ type: 'task_update', task_id: id, status: 'completed' });
    expect(await watching.next()).toMatchObject({
      type: 'task_ended',
      task_id: id,
      status: 'completed',
      details: { result: { output: '工房' } },
    });
    await watching.ask({ command: 'ping' }, 'pong');
  });

  test('that is unknown is refused', async () => {
    const { enter } = await setupWatching();
    const watching = await enter();
    for (const task_id of ['x', 'task_20261122_101500_123456_0123456789abcdef']) {
      const error = await watching.ask({ command: 'subscribe', channel: 'task', task_id }, 'error');
      expect(error).toMatchObject({ code: 'TASK_NOT_FOUND' });
    }
    expect(watching.messages.some(({ type }) => type === 'subscribed')).toBe(false);
  });

  test('is left when it is unsubscribed, or the client goes', async () => {
    const { runtime, enter } = await setupWatching({ backend: new PuppetBackend().backend });
    const ids = (await runtime.delegate([spec(), spec()])).taskIds;
    const watching = await enter();
    for (const task_id of ids)
      await watching.ask({ command: 'subscribe', channel: 'task', task_id }, 'subscribed');
    expect(runtime.stream.followers).toBe(2);
    await watching.ask({ command: 'unsubscribe', channel: 'task', task_id: ids[0] }, 'unsubscribed');
    expect(runtime.stream.followers).toBe(1);
    watching.ws.close();
    await watching.closed;
    const other = await enter();
    expect(runtime.stream.followers).toBe(0);
    await other.ask({ command: 'ping' }, 'pong');
  });

  test('is one of at most a hundred for a connection', async () => {
    const { runtime, enter } = await setupWatching({ backend: new PuppetBackend().backend });
    const specs = Array.from({ length: limits.taskWatchesMax + 1 }, () => spec());
    const ids = (await runtime.delegate(specs)).taskIds;
    const watching = await enter();
    for (const task_id of ids) watching.say({ command: 'subscribe', channel: 'task', task_id });
    expect(await watching.next('error')).toMatchObject({ code: 'RATE_LIMITED' });
    expect(runtime.stream.followers).toBe(limits.taskWatchesMax);
  });
});
