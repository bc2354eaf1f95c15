import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, programAt, startServer } from './servers.mjs';

export const postgresSettings =
  'as initdb writes them: fsync on, synchronous_commit on, shared_buffers 128MB; loopback TCP; ANALYZE after a bulk load';

const debianFolder = '/usr/lib/postgresql';

/** Debian keeps them off the PATH. @param {string} name */
function programOf(name) {
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder).sort((a, b) => b - a) : [];
  const places = versions.map((version) => join(debianFolder, version, 'bin', name));
  return places.find((place) => existsSync(place)) ?? programAt(name);
}

/** The server refuses to run as root: then it runs as whom the package made for it, or as nobody. */
function otherUser() {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag, name) => spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout.trim();
  const name = idOf('-u', 'postgres') === '' ? 'nobody' : 'postgres';
  return { uid: Number(idOf('-u', name)), gid: Number(idOf('-g', name)) };
}

/** @returns {string | undefined} what is installed here */
export function postgresVersion() {
  const program = programOf('postgres');
  if (program === undefined || programOf('initdb') === undefined) return undefined;
  return /(\d+\.\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1];
}

/** @param {string} home a folder that only we may enter */
export async function startPostgres(home) {
  const data = join(home, 'postgres');
  const user = otherUser();
  mkdirSync(data);
  if (user !== undefined) {
    chmodSync(home, 0o711);
    chownSync(data, user.uid, user.gid);
  }
  const init = ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale', 'C'];
  // What initdb itself writes is thrown away with it when it fails.
  execFileSync(programOf('initdb'), [...init, '--no-sync'], { ...user, cwd: data, stdio: 'pipe' });
  const port = await freePort();
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', data];
  // SIGINT ends the connections that are left.
  const server = startServer(programOf('postgres'), args, { ...user, cwd: data, stopSignal: 'SIGINT' });
  const connectionString = `postgres://bench@127.0.0.1:${port}/postgres`;
  await server.ready(async () => {
    const client = new pg.Client({ connectionString });
    // A connection that is cut tells it here too.
    client.on('error', () => {});
    const isUp = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => {});
    return isUp;
  });
  return { connectionString, stop: () => server.stop() };
}
