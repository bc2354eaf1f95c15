import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { freePort, startServer } from './servers.mjs';

export const restateSettings =
  'one node, all roles, disable-telemetry, loopback, default-num-partitions as named, log-filter warn; all else as shipped';

/** The file that the package for this kind of machine holds. @returns {string | undefined} */
export function restateProgram() {
  try {
    const require = createRequire(import.meta.url);
    return require.resolve(
      `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
    );
  } catch {
    return undefined;
  }
}

/** @param {string} home @param {number} partitions */
export async function startRestate(home, partitions) {
  const [node, ingress, admin] = [await freePort(), await freePort(), await freePort()];
  const file = join(home, 'restate.toml');
  writeFileSync(
    file,
    `base-dir = "${join(home, 'restate')}"
disable-telemetry = true
default-num-partitions = ${partitions}
log-filter = "warn"
listen-mode = "tcp"
bind-address = "127.0.0.1:${node}"
advertised-address = "http://127.0.0.1:${node}/"
[ingress]
bind-address = "127.0.0.1:${ingress}"
[admin]
bind-address = "127.0.0.1:${admin}"
`,
  );
  const server = startServer(restateProgram(), ['--no-logo', '--config-file', file], {
    env: { PATH: process.env.PATH, DO_NOT_TRACK: '1' },
    cwd: home,
  });
  const url = (port, path) => `http://127.0.0.1:${port}${path}`;
  const isOk = (target) =>
    fetch(target).then(
      ({ ok }) => ok,
      () => false,
    );
  await server.ready(
    async () => (await isOk(url(admin, '/health'))) && isOk(url(ingress, '/restate/health')),
  );
  return {
    ingress: url(ingress, ''),
    /** Tells it of a service. @param {string} endpoint */
    async register(endpoint) {
      const body = JSON.stringify({ uri: endpoint });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url(admin, '/deployments'), { method: 'POST', headers, body });
      if (!response.ok) throw new Error(`Restate refused the service: ${await response.text()}`);
    },
    stop: () => server.stop(),
  };
}
