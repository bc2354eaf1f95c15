import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './expansion.ts';

const secretName = /TOKEN|KEY|SECRET|PASS|AUTH|CREDENTIAL/i;
const hidden = 'hidden';

/**
 * The variables for a `workers.yaml` that somebody sent to be tried. What a trial answers is shown to them, so it tells
 * only what the file on disk asks for in the open; any other variable that is set reads as `hidden`.
 */
export function trialEnvironment(configDir: string, environment: Environment): Environment {
  const open = namesIn(join(configDir, 'workers.yaml'));
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value === undefined || value === '' || (open.has(name) && !secretName.test(name)) ? value : hidden,
    ]),
  );
}

/** The variables that a file names, other than for the key of a server. */
function namesIn(path: string): ReadonlySet<string> {
  const lines = textOf(path)
    .split('\n')
    .filter((line) => !/api_key/.test(line));
  return new Set(lines.flatMap((line) => [...line.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
