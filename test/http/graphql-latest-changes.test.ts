import { expect, test } from 'vitest';
import { LatestChanges } from '../../src/http/graphql/latest-changes.ts';

function setup(waitingMax: number, first: readonly string[] = []) {
  const told = { listeners: 0, ends: 0, changed: (_name: string) => {}, over: () => {} };
  const changes = new LatestChanges(
    {
      waitingMax,
      listen: (changed, over) => {
        Object.assign(told, { changed, over, listeners: 1 });
        return () => {
          told.listeners -= 1;
        };
      },
      onEnd: () => {
        told.ends += 1;
      },
    },
    first,
  );
  return { changes, told };
}

test('a change that is not read yet is told once, however often it happens', async () => {
  const { changes, told } = setup(10);
  for (const name of ['a', 'b', 'a', 'a']) told.changed(name);
  expect([(await changes.next()).value, (await changes.next()).value]).toEqual(['a', 'b']);
  const next = changes.next();
  told.changed('a');
  expect((await next).value).toBe('a');
});

test('a reader that is too far behind is ended, and nothing is kept for it', async () => {
  const { changes, told } = setup(2);
  for (const name of ['a', 'b', 'c']) told.changed(name);
  expect(told).toMatchObject({ listeners: 0, ends: 1 });
  await expect(changes.next()).rejects.toMatchObject({ code: 'rate.limited' });
  expect((await changes.next()).done).toBe(true);
});

test('what waits is told before the end', async () => {
  const { changes, told } = setup(2, ['now']);
  told.changed('last');
  told.over();
  const names = [];
  for await (const name of changes) names.push(name);
  expect(names).toEqual(['now', 'last']);
  expect(told).toMatchObject({ listeners: 0, ends: 1 });
});

test('a reader that leaves while it waits is answered, and no longer listens', async () => {
  const { changes, told } = setup(2);
  const waiting = changes.next();
  await changes.return();
  expect((await waiting).done).toBe(true);
  await changes.return();
  expect(told).toMatchObject({ listeners: 0, ends: 1 });
});
