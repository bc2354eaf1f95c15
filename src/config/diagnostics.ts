/** Turns what zod refused into problems with a line and a proposal. */

import type { z } from 'zod';
import { nearestNames, suggest } from './nearest.ts';
import type { Place } from './place.ts';
import { type ConfigProblem, formatPath } from './problem.ts';
import { expectation, type JsonSchema, keyPlaces, keyRule, knownKeys, schemaAt } from './schema-outline.ts';

/** One problem for each key and value that was refused. `schema` is the JSON Schema of the same zod schema. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  root: Place,
  schema: JsonSchema,
): ConfigProblem[] {
  const misspelt = new Set(
    issues.flatMap((issue) => (isUnknownKeys(issue) ? likelyMeant(issue, root, schema) : [])),
  );
  return issues.flatMap((issue) => {
    const place = root.at(...issue.path);
    if (isUnknownKeys(issue)) return issue.keys.map((key) => unknownKey(place.at(key), place, schema));
    if (issue.code === 'invalid_key') return [invalidKey(place, schema)];
    if (place.value !== undefined) return [invalidValue(place, schema)];
    return misspelt.has(formatPath(issue.path)) ? [] : [missing(place, schema)];
  });
}

function isUnknownKeys(issue: z.core.$ZodIssue): issue is z.core.$ZodIssueUnrecognizedKeys {
  return issue.code === 'unrecognized_keys';
}

/** Keys that are missing only because they are misspelt: one problem is enough for that. */
function likelyMeant(issue: z.core.$ZodIssueUnrecognizedKeys, root: Place, schema: JsonSchema): string[] {
  const known = knownKeys(schemaAt(schema, issue.path));
  const meant = issue.keys.flatMap((key) => nearestNames(key, known));
  return meant.map((key) => formatPath([...root.path, ...issue.path, key]));
}

function unknownKey(place: Place, parent: Place, schema: JsonSchema): ConfigProblem {
  const key = String(place.path.at(-1));
  const known = knownKeys(schemaAt(schema, parent.path));
  const isNear = nearestNames(key, known).length > 0;
  const elsewhere = isNear ? null : belongsElsewhere(key, schema);
  // A key that is already there is hardly the one that was meant.
  const unused = nearestNames(key, known).filter((name) => !parent.keys().includes(name));
  const hint = elsewhere ?? suggest(key, unused.length > 0 ? unused : known);
  const expected = `one of ${known.join(', ')}`;
  return place.problem('key', { fault: 'unknown key', expected, found: key, hint });
}

function belongsElsewhere(key: string, schema: JsonSchema): string | null {
  const place = keyPlaces(schema).find((path) => path.length > 1 && path.at(-1) === key);
  return place === undefined ? null : `it belongs under ${formatPath(place.slice(0, -1))}`;
}

function invalidKey(place: Place, schema: JsonSchema): ConfigProblem {
  const names = keyRule(schemaAt(schema, place.path.slice(0, -1)));
  const hint = names?.description ?? null;
  return place.problem('key', {
    expected: expectation(names),
    found: JSON.stringify(place.path.at(-1)),
    hint,
  });
}

function missing(place: Place, schema: JsonSchema): ConfigProblem {
  const wanted = schemaAt(schema, place.path);
  const expected = expectation(wanted);
  const hint = wanted?.description ?? null;
  return place.problem('key', { fault: `missing; expected ${expected}`, expected, hint });
}

function invalidValue(place: Place, schema: JsonSchema): ConfigProblem {
  const wanted = schemaAt(schema, place.path);
  const near = nearestNames(place.text ?? '', wanted?.enum?.map(String) ?? []);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : (wanted?.description ?? null);
  return place.problem('value', { expected: expectation(wanted), hint });
}
