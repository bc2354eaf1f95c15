// Runs the same seeds in separate processes and compares their traces, byte for byte, by their digests:
// `node scripts/determinism.mjs [--seeds 200] [--node /path/to/another/node]`. Once as usual, once more, and once without
// a compiler of machine code (--jitless); another Node wants packages that were built for it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    node: { type: 'string' },
  },
});
const first = Number(values.seed);

/** The digests of all seeds, as one process finds them. */
function digestsOf(/** @type {string} */ node, /** @type {string[]} */ flags) {
  const args = [
    'bin/koubou.js',
    'simulate',
    '--config',
    'scripts/workshop',
    '--seed',
    values.seed,
    '--seeds',
    values.seeds,
  ];
  return new Promise((done, fail) => {
    const env = { ...process.env, NODE_ENV: 'production', KOUBOU_HOME: '/nowhere/koubou' };
    const child = spawn(node, [...flags, ...args, '--json'], {
      cwd: project,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => {
      text += more;
    });
    child.once('error', fail);
    child.once('close', (exitCode) => {
      if (text === '') fail(new Error(`${node} ${flags.join(' ')} ended with ${exitCode}, and said nothing`));
      else done(JSON.parse(text).digests);
    });
  });
}

const ways = [
  ['as usual', process.execPath, []],
  ['once more', process.execPath, []],
  ['--jitless', process.execPath, ['--jitless']],
  ...(values.node === undefined ? [] : [[values.node, values.node, []]]),
];
let expected;
let isSame = true;
for (const [name, node, flags] of ways) {
  const digests = await digestsOf(node, flags);
  expected ??= digests;
  const at = digests.findIndex((digest, index) => digest !== expected[index]);
  if (at !== -1) isSame = false;
  console.log(
    `${name}: ${at === -1 ? `${digests.length} traces, the same` : `seed ${first + at} gives another trace`}`,
  );
}
process.exitCode = isSame ? 0 : 1;
