import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freshEnvironment, freshFolder, koubou, startServer } from './command.ts';

test('an error that nobody caught is logged and told, and the server ends with 1 instead of limping on', async () => {
  const bomb = join(freshFolder(), 'bomb.mjs');
  writeFileSync(bomb, "process.on('SIGUSR2', () => { throw new Error('nobody catches this'); });\n");
  const env = freshEnvironment({ NODE_OPTIONS: `--import ${bomb}` });
  const running = await startServer(env);
  running.child.kill('SIGUSR2');
  const { exitCode, stderr } = await running.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('nobody catches this');
  const log = readFileSync(join(env['KOUBOU_HOME'] ?? '', 'logs', 'mcp_server.log'), 'utf8');
  expect(log).toContain('"level":"fatal"');
  const { NODE_OPTIONS: _, ...plain } = env;
  expect(await koubou(['stop'], plain)).toMatchObject({ exitCode: 0 });
});
