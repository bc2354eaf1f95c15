/** What must fit together within one entry of `workers.yaml`: keys of a backend, and names of machines. */

import { machineName } from './fields.ts';
import { hostOf } from './host-name.ts';
import type { Place } from './place.ts';
import type { ConfigProblem } from './problem.ts';

const backends = ['ollama', 'openai', 'gemini-repo-cli', 'demo'];

/** Keys that one backend alone has a use for. */
const keysOfBackends = { api_key: 'openai', command: 'gemini-repo-cli' } as const;

/** Keys that the worker's backend has no use for, and a machine that no URL can name. */
export function checkEntry(worker: Place): readonly ConfigProblem[] {
  return [...checkBackendKeys(worker), ...checkMachine(worker.at('remote_host'))];
}

function checkBackendKeys(worker: Place): readonly ConfigProblem[] {
  const written = worker.at('backend').value ?? 'ollama';
  // A backend that does not exist is a problem of its own.
  const backend = backends.find((name) => name === written);
  if (backend === undefined) return [];
  return Object.entries(keysOfBackends)
    .filter(([key, owner]) => worker.keys().includes(key) && owner !== backend)
    .map(([key, owner]) =>
      worker.at(key).problem('key', {
        fault: `the backend ${backend} has no use for it`,
        expected: `${key} with the backend ${owner} only`,
        found: `the backend ${backend}`,
        hint: `remove it, or write backend: ${owner}`,
      }),
    );
}

function checkMachine(place: Place): readonly ConfigProblem[] {
  if (place.text === undefined || !isNobodys(place.text)) return [];
  return [place.problem('value', { expected: aMachine })];
}

const aMachine = 'a name or an address that can exist';

/** An address such as 10.0.0.999. What already breaks the rule for names is told by that rule. */
function isNobodys(name: string): boolean {
  return machineName.safeParse(name).success && hostOf(name) === null;
}

/** Each machine once, whatever it is called. */
export function checkHosts(section: Place): readonly ConfigProblem[] {
  const seen = new Map<string, Place>();
  return section.keys().flatMap((key) => {
    const place = section.at(key);
    const host = hostOf(key);
    const found = JSON.stringify(key);
    if (isNobodys(key)) return [place.problem('key', { expected: aMachine, found })];
    const first = host === null ? undefined : seen.get(host);
    if (host !== null) seen.set(host, first ?? place);
    if (first === undefined) return [];
    const { line } = first.source.locate(first.path, 'key');
    const hint = `line ${line} is about ${host} already`;
    return [place.problem('key', { expected: 'each machine once', found, hint })];
  });
}
