import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allowedFiles } from '../../src/actors/allowed-files.ts';
import { limits } from '../../src/machines/limits.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Two roots, the home in the first of them, and a secret beside them. */
function setup() {
  const folder = temporaryFolder();
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  const except = join(first, '.koubou');
  for (const path of [first, second, except, `${first}-too`]) mkdirSync(path);
  writeFileSync(join(first, 'a'), 'a');
  writeFileSync(join(second, 'a'), 'another a');
  writeFileSync(join(second, 'b'), 'b');
  writeFileSync(join(except, 'koubou.db'), 'all tasks');
  writeFileSync(join(`${first}-too`, 'x'), 'x');
  writeFileSync(join(folder, 'secret'), 'secret');
  const find = (...names: string[]) => allowedFiles(names, { roots: [first, second], except });
  return { folder, first, second, except, find };
}

function refusal(message: string) {
  return { refusal: { kind: 'failed', failure: { code: 'input.refused', message } } };
}

test('a relative name is looked for in one root after the other', async () => {
  const { first, second, find } = setup();
  expect(await find('a', 'b')).toEqual({
    files: [
      { name: 'a', path: join(first, 'a') },
      { name: 'b', path: join(second, 'b') },
    ],
  });
});

test('an absolute name may lie in any root, and a link may lead from one root to another', async () => {
  const { first, second, find } = setup();
  symlinkSync(join(second, 'b'), join(first, 'link'));
  expect(await find(join(second, 'b'), 'link')).toEqual({
    files: [
      { name: join(second, 'b'), path: join(second, 'b') },
      { name: 'link', path: join(second, 'b') },
    ],
  });
});

test('a root that is itself a link is as good as where it leads', async () => {
  const { folder, second, except } = setup();
  const root = join(folder, 'link-to-second');
  symlinkSync(second, root);
  const found = { files: [{ name: join(root, 'b'), path: join(second, 'b') }] };
  expect(await allowedFiles([join(root, 'b')], { roots: [root], except })).toEqual(found);
});

test('what lies outside is refused alike whether it exists or not, and by its own name alone', async () => {
  const { folder, first, find } = setup();
  const outside = [
    join(folder, 'secret'),
    join(folder, 'nothing'),
    '../secret',
    '../first-too/x',
    first,
    '.',
  ];
  for (const name of outside) {
    expect(await find(name), name).toEqual(
      refusal(`the file ${name} lies outside the folders that tasks may read`),
    );
  }
});

test('a link that leads outside is refused', async () => {
  const { folder, first, find } = setup();
  symlinkSync(join(folder, 'secret'), join(first, 'link'));
  symlinkSync(folder, join(first, 'up'));
  for (const name of ['link', 'up/secret']) {
    expect(await find(name)).toEqual(
      refusal(`the file ${name} lies outside the folders that tasks may read`),
    );
  }
});

test('the home is never read: not in a root, not as one, not through a link', async () => {
  const { first, except, find } = setup();
  symlinkSync(join(except, 'koubou.db'), join(first, 'innocent'));
  for (const name of ['.koubou/koubou.db', '.koubou/nothing', 'innocent']) {
    expect(await find(name)).toEqual(refusal(`the file ${name} belongs to this server`));
  }
  expect(await allowedFiles(['koubou.db'], { roots: [except], except })).toHaveProperty('refusal');
});

test('a missing file, a folder, a NUL and no roots at all are refused with the name', async () => {
  const { first, except, find } = setup();
  mkdirSync(join(first, 'src'));
  expect(await find('gone')).toEqual(
    refusal('the file gone does not exist in the folders that tasks may read'),
  );
  expect(await find('a', 'src')).toEqual(refusal('the file src is no file'));
  expect(await find('a\0b')).toHaveProperty('refusal');
  expect(await allowedFiles(['a'], { roots: [], except })).toHaveProperty('refusal');
});

test('files are bounded in all', async () => {
  const { first, find } = setup();
  writeFileSync(join(first, 'big'), Buffer.alloc(limits.fileBytesMax));
  expect(await find('big')).toHaveProperty('files');
  expect(await find('a', 'big')).toEqual(
    refusal(`the file big makes the files larger than ${limits.fileBytesMax} bytes in all`),
  );
});

test('a root that does not exist holds nothing', async () => {
  const { folder, first, except } = setup();
  const found = await allowedFiles(['a'], { roots: [join(folder, 'no-such-root'), first], except });
  expect(found).toEqual({ files: [{ name: 'a', path: join(first, 'a') }] });
});
