import { expect, test } from 'vitest';
import { sentSignalSchema, signalRequestSchema } from '../../src/http/signal-schemas.ts';
import { operatorSignals } from '../../src/machines/operator-signals.ts';
import { actorOfEndpoint } from '../../src/machines/pool-leases.ts';
import { setupRest } from '../support/rest-client.ts';
import { until } from '../support/until.ts';

const worker = 'worker:worker_1';

/** With a worker that is alive, so that it has settled. */
async function setup() {
  const rest = await setupRest();
  await until(() => expect(rest.runtime.worker('worker_1').liveness).toBe('alive'));
  const send = (actor: string, event: object, confirm: unknown = actor, headers?: Record<string, string>) =>
    rest.post(`/actors/${encodeURIComponent(actor)}/events`, { event, confirm }, headers);
  const signals = () => rest.runtime.history(0, 1_000).filter(({ type }) => type === 'actor.signalled');
  return { ...rest, send, signals };
}

test('an event is sent to an actor by its name, and answered with the fact that tells of it', async () => {
  const { send, signals, runtime } = await setup();
  const { status, body } = await send(worker, { type: 'worker.drain' });
  expect(status).toBe(200);
  expect(sentSignalSchema.parse(body)).toMatchObject({
    actor: worker,
    event: 'worker.drain',
    by: 'this machine',
  });
  expect(signals()).toMatchObject([{ seq: body.seq, at: body.at }]);
  expect(runtime.worker('worker_1').admission).toBe('drained');
  const server = actorOfEndpoint(runtime.poolView().endpoints[0]?.endpoint ?? '');
  expect((await send(server, { type: 'endpoint.reset' })).body).toMatchObject({ actor: server });
});

test('who asked stands in the fact by the name of the token', async () => {
  const { send, signals, runtime } = await setup();
  const { token } = runtime.tokens.create({ name: 'on call', scopes: ['admin'], expiresAtMs: null });
  const answer = await send('pool', { type: 'pool.rate' }, 'pool', { authorization: `Bearer ${token}` });
  expect(answer.body.by).toBe('on call');
  expect(signals()[0]?.data['by']).toBe('on call');
});

test.each<[why: string, event: object, confirm: unknown, says: string]>([
  ['it is not confirmed', { type: 'worker.drain' }, undefined, 'confirm'],
  ['another one is confirmed', { type: 'worker.drain' }, 'pool', `write ${worker}`],
  ['it has no type', {}, worker, 'event.type'],
  ['a field is missing', { type: 'heartbeat.missed' }, worker, 'silentMs'],
  ['a field is out of its bounds', { type: 'heartbeat.missed', silentMs: -1 }, worker, 'silentMs'],
  ['a field is no number', { type: 'heartbeat.missed', silentMs: '1' }, worker, 'silentMs'],
  ['a field is none of it', { type: 'worker.drain', detail: 'by somebody else' }, worker, 'detail'],
  ['it may not be sent by hand', { type: 'worker.run', taskId: 'x' }, worker, 'it stands for a lease'],
  ['another kind of actor takes it', { type: 'pool.pause' }, worker, 'a worker takes no pool.pause'],
])('where %s it is refused, and nothing happens', async (_, event, confirm, says) => {
  const { send, post, signals, runtime } = await setup();
  const { status, body } =
    confirm === undefined
      ? await post(`/actors/${worker}/events`, { event })
      : await send(worker, event, confirm);
  expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
  expect(body.error.message).toContain(says);
  expect(signals()).toEqual([]);
  expect(runtime.worker('worker_1')).toMatchObject({ liveness: 'alive', admission: 'active' });
});

test('what the actor would not take now is a conflict, with what it would take; nobody is not found', async () => {
  const { send, signals } = await setup();
  const { status, body } = await send(worker, { type: 'worker.resume' });
  expect([status, body.error.code]).toEqual([409, 'CONFLICT']);
  expect(body.error.details.would_take).toContain('worker.drain');
  expect((await send('worker:nobody', { type: 'worker.drain' })).status).toBe(404);
  expect((await send('<img onerror>', { type: 'worker.drain' })).status).toBe(400);
  expect(signals()).toEqual([]);
});

test('a name that is longer than any is refused before anything is looked for', async () => {
  const { send } = await setup();
  const refused = async (type: string, confirm: string) =>
    (await send('pool', { type }, confirm)).body.error.message;
  expect(await refused('x'.repeat(200), 'pool')).toContain('takes no');
  expect(await refused('x'.repeat(201), 'pool')).toContain('event.type: Too big');
  expect(await refused('pool.turn', 'x'.repeat(2_100))).toContain('write pool');
  expect(await refused('pool.turn', 'x'.repeat(2_101))).toContain('confirm: Too big');
});

test('the description of the interface lists each event with its fields, and no other', async () => {
  const { get } = await setup();
  const { body } = await get('/openapi.json');
  const { event } = body.components.schemas.Signal.properties;
  const listed = (event.anyOf ?? event.oneOf).map(
    ({ properties }: { properties: { type: { const: string } } }) => [
      properties.type.const,
      Object.keys(properties).slice(1),
    ],
  );
  expect(listed).toEqual(
    operatorSignals.map((signal) => [signal.event, signal.fields.map(({ name }) => name)]),
  );
  expect(signalRequestSchema.safeParse(body.components.schemas.Signal.example).success).toBe(true);
});
