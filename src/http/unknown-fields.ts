import { closest } from 'fastest-levenshtein';

/** So many are named. */
const warningsMax = 10;

/** Fields that nobody reads are accepted, as ever, but not in silence: `prioritty` is a mistake. */
export function warningsOf(body: object, known: readonly string[]): { warnings?: readonly string[] } {
  const warnings = Object.keys(body)
    .filter((name) => !known.includes(name))
    .slice(0, warningsMax)
    .map(
      (name) => `unknown field "${name.slice(0, 100)}" was ignored; did you mean "${closest(name, known)}"?`,
    );
  return warnings.length === 0 ? {} : { warnings };
}
