import type { Scope } from '../machines/scopes.ts';

/** What monitors ask, and what says nothing about tasks: open to all. */
export const openPaths: ReadonlySet<string> = new Set(['/health', '/healthz', '/readyz']);

const submitting: readonly Scope[] = ['submit'];
const reading: readonly Scope[] = ['read'];
/** A single task, whose id cannot be guessed and so is known to who handed it in; and what tells nothing of tasks. */
const eitherOf: readonly Scope[] = ['submit', 'read'];
const administering: readonly Scope[] = ['admin'];

type Rule = readonly [method: RegExp, path: RegExp, scopes: readonly Scope[]];

/** The first that matches decides. What a door adds is found here, or it is for administrators when it changes anything. */
const rules: readonly Rule[] = [
  // Each operation or tool behind these says itself what it takes.
  [/./, /^\/(?:mcp|graphql)$/, eitherOf],
  [/./, /^\/tokens(?:\/|$)/, administering],
  [/^POST$/, /^\/tasks?\/delegate$/, submitting],
  [/^POST$/, /^\/task\/[^/]+\/retry$/, submitting],
  [/^(?:DELETE|PATCH)$/, /^\/task\/[^/]+$/, submitting],
  [/^POST$/, /^\/v1\//, submitting],
  [/^POST$/, /^\/api\/(?:chat|generate|embed|embeddings)$/, submitting],
  [/^POST$/, /^\/api\/show$/, eitherOf],
  [/^GET$/, /^\/task\//, eitherOf],
  [/^GET$/, /^\/(?:v1\/.*|api\/(?:tags|ps|version))$/, eitherOf],
  [/^GET$/, /^\/(?:docs(?:\/.*)?|openapi\.json)?$/, eitherOf],
  [/^GET$/, /^/, reading],
];

/** Of these scopes, one is needed for a request. `path` is that by which routes are found. */
export function scopesFor(method: string, path: string): readonly Scope[] {
  const asked = method === 'HEAD' ? 'GET' : method;
  const rule = rules.find(([methods, paths]) => methods.test(asked) && paths.test(path));
  return rule?.[2] ?? administering;
}
