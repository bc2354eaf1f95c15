/** What must fit together in `workers.yaml`. */

import { checkEntry, checkHosts } from './entry-checks.ts';
import { nearestNames, suggest } from './nearest.ts';
import type { Place } from './place.ts';
import type { ConfigProblem } from './problem.ts';
import { workersFileSchema } from './workers-file.ts';

const locations = ['local', 'remote'];
const defaults = workersFileSchema.parse({ workers: {} });

/** Worker ids, entries, machines, priority ranges, preferred workers, and pairs of bounds. */
export function checkWorkers(root: Place): readonly ConfigProblem[] {
  const workers = root.at('workers');
  const entries = [...workers.at('local_workers').items(), ...workers.at('remote_workers').items()];
  const names = [...entries.map((entry) => entry.at('worker_id')), ...workers.at('joined_workers').items()];
  const rules = root.at('routing_policy', 'rules').items();
  return [
    ...checkIds(names),
    ...entries.flatMap(checkEntry),
    ...checkHosts(root.at('hosts')),
    ...checkRanges(rules.map((rule) => rule.at('priority_range'))),
    ...checkPreferences(rules, names),
    ...checkOrder(root.at('pool'), defaults.pool, ['min_workers', 'max_workers'], true),
    ...checkOrder(root.at('pool'), defaults.pool, ['scale_down_threshold', 'scale_up_threshold']),
    ...checkOrder(root.at('health_check'), defaults.health_check, ['interval', 'timeout']),
    ...checkOrder(root.at('circuit_breaker'), defaults.circuit_breaker, ['open', 'open_max'], true),
  ];
}

function checkIds(ids: readonly Place[]): readonly ConfigProblem[] {
  const seen = new Map<string, Place>();
  return ids.flatMap((id) => {
    if (id.text === undefined) return [];
    if (locations.includes(id.text)) {
      const hint = 'rules use this word for all workers of a location';
      return [id.problem('value', { expected: 'a name other than local and remote', hint })];
    }
    const first = seen.get(id.text);
    seen.set(id.text, first ?? id);
    if (first === undefined) return [];
    const { line } = first.source.locate(first.path, 'value');
    return [id.problem('value', { expected: 'a worker_id of its own', hint: `line ${line} has it already` })];
  });
}

interface Range {
  readonly place: Place;
  readonly low: number;
  readonly high: number;
}

function checkRanges(places: readonly Place[]): readonly ConfigProblem[] {
  const earlier: Range[] = [];
  return places.flatMap((place) => {
    const low = place.at(0).number;
    const high = place.at(1).number;
    if (low === undefined || high === undefined) return [];
    const found = `[${low}, ${high}]`;
    if (low > high) {
      const hint = `write [${high}, ${low}]`;
      return [place.problem('value', { expected: 'the lower priority first', found, hint })];
    }
    const overlapped = earlier.find((range) => low <= range.high && range.low <= high);
    earlier.push({ place, low, high });
    if (overlapped === undefined) return [];
    const { line } = overlapped.place.source.locate(overlapped.place.path, 'value');
    const hint = `it overlaps [${overlapped.low}, ${overlapped.high}] of line ${line}`;
    return [place.problem('value', { expected: 'priorities that no other rule is for', found, hint })];
  });
}

function checkPreferences(rules: readonly Place[], ids: readonly Place[]): readonly ConfigProblem[] {
  const known = [...new Set([...locations, ...ids.flatMap((id) => id.text ?? [])])];
  return rules
    .flatMap((rule) => rule.at('preferred_workers').items())
    .filter(({ text }) => text !== undefined && text !== '' && !known.includes(text))
    .map((name) => {
      const written = name.text ?? '';
      const far = `${suggest(written, known)}; workers that join by themselves are named in workers.joined_workers`;
      const hint = nearestNames(written, known).length > 0 ? suggest(written, known) : far;
      return name.problem('value', { expected: 'local, remote or the worker_id of a worker above', hint });
    });
}

type Bounds<K extends string> = Readonly<Record<K, number>>;

/** One bound may be written and the other a default: the fault stands where something is written. */
function checkOrder<K extends string>(
  section: Place,
  defaults: Bounds<K>,
  [lowKey, highKey]: readonly [K, K],
  mayBeEqual = false,
): readonly ConfigProblem[] {
  const low = section.at(lowKey);
  const high = section.at(highKey);
  const lowNumber = low.number ?? defaults[lowKey];
  const highNumber = high.number ?? defaults[highKey];
  if (lowNumber < highNumber || (mayBeEqual && lowNumber === highNumber)) return [];
  if (low.number === undefined) {
    const relation = mayBeEqual ? 'at least' : 'greater than';
    return [high.problem('value', { expected: `a number ${relation} ${lowKey}, which is ${lowNumber}` })];
  }
  const relation = mayBeEqual ? 'at most' : 'less than';
  return [low.problem('value', { expected: `a number ${relation} ${highKey}, which is ${highNumber}` })];
}
