import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { facadeStream } from '../../src/http/facade-stream.ts';
import { limits } from '../../src/machines/limits.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

test('a reader that does not read is cut off, and counts as gone', async () => {
  const app = new Hono();
  let wasGone = false;
  app.get('/', (c) =>
    facadeStream(
      c,
      { clock: new VirtualClock(), contentType: 'text/plain', keepAlive: null },
      async (send, gone) => {
        const mebibyte = 'x'.repeat(1_024 * 1_024);
        for (let sent = 0; sent <= limits.streamBacklogBytesMax && !gone.aborted; sent += mebibyte.length)
          send(mebibyte);
        send('one more');
        wasGone = gone.aborted;
      },
    ),
  );
  const response = await app.request('/');
  await expect(response.text()).rejects.toThrow('too slow');
  expect(wasGone).toBe(true);
});

test('what is told is read to its end, with signs of life while nothing is told', async () => {
  const app = new Hono();
  const clock = new VirtualClock();
  let finish = () => {};
  app.get('/', (c) =>
    facadeStream(c, { clock, contentType: 'text/plain', keepAlive: () => '.' }, async (send) => {
      send('a');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      send('b');
    }),
  );
  const text = (await app.request('/')).text();
  await clock.advance(30_000);
  finish();
  expect(await text).toBe('a..b');
  expect(clock.pending).toBe(0);
});
