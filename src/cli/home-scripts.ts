import { fileURLToPath } from 'node:url';

/** The command of this installation, by its absolute path. */
export const binPath = fileURLToPath(new URL('../../bin/koubou.js', import.meta.url));

/** The scripts that operators of the original type, by name: calls of this installation's command on the home they lie in. */
export function homeScripts(): Readonly<Record<string, string>> {
  return {
    'start_system.sh': script('Starts Koubou here: start_system.sh [--background|-b] [--demo]', 'start "$@"'),
    'start_system_quick.sh': script('Starts Koubou here in the background.', 'start --background "$@"'),
    'stop_system.sh': script('Stops the Koubou that runs here: stop_system.sh [--force]', 'stop "$@"'),
  };
}

function script(purpose: string, call: string): string {
  return `#!/bin/sh
# ${purpose}
# Laid out by \`koubou init\`; after Koubou has moved, \`koubou init --force\` writes the new path.
set -eu
KOUBOU_HOME=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
export KOUBOU_HOME
# The Node that laid this out, while it is there: cron and systemd may find another one, or none.
node=${quoted(process.execPath)}
[ -x "$node" ] || node=node
exec "$node" ${quoted(binPath)} ${call}
`;
}

/** One word for a POSIX shell, whatever it contains. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
