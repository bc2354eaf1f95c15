import { distance } from 'fastest-levenshtein';

/** Names further away than this share of their length have nothing to do with what was written. */
const distanceShareMax = 0.4;
const suggestionsMax = 3;

/** The known names nearest to what was written: all that are equally near, the first three at most, none when all are far. */
export function nearestNames(written: string, known: readonly string[]): readonly string[] {
  const near = known
    .map((name) => ({ name, edits: distance(written.toLowerCase(), name.toLowerCase()) }))
    .filter(
      ({ name, edits }) =>
        edits <= Math.max(1, Math.round(name.length * distanceShareMax)) && edits < name.length,
    );
  const fewest = Math.min(...near.map(({ edits }) => edits));
  return near
    .filter(({ edits }) => edits === fewest)
    .map(({ name }) => name)
    .slice(0, suggestionsMax);
}

/** `did you mean a or b?`; when nothing is near, the names that would do. */
export function suggest(written: string, known: readonly string[]): string | null {
  const nearest = nearestNames(written, known);
  if (nearest.length > 0) return `did you mean ${nearest.join(' or ')}?`;
  return known.length === 0 ? null : `known here: ${known.join(', ')}`;
}
