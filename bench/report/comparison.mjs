import { median, medianOf } from './statistics.mjs';
import { figure, table } from './table.mjs';

/**
 * Rounds of ours and of the lower bound, in turn.
 *
 * @typedef {{ koubou: Record<string, number>, 'lower-bound': Record<string, number> }} Round
 *
 * @typedef {object} Line
 * @property {string} label
 * @property {string} field of the samples
 * @property {number} [digits]
 * @property {{ atLeast?: number, atMost?: number }} [goal] of the ratio, ours to the lower bound
 * @property {{ atMost: number }} [own] of ours alone
 */

/**
 * Medians, the ratio of each round, and its median: what the noise of the machine does to both falls out of it.
 *
 * @param {readonly Round[]} rounds
 * @param {readonly Line[]} lines
 */
export function compare(rounds, lines) {
  return lines.map(({ label, field, digits, goal, own }) => {
    const ratios = rounds.map((round) => round.koubou[field] / round['lower-bound'][field]);
    const ours = medianOf(
      rounds.map(({ koubou }) => koubou),
      field,
    );
    const bound = medianOf(
      rounds.map((round) => round['lower-bound']),
      field,
    );
    const ratio = median(ratios);
    return { label, field, digits, ours, bound, ratios, ratio, ...verdict({ ratio, ours, goal, own }) };
  });
}

/** @param {ReturnType<typeof compare>} comparisons */
export function printComparisons(comparisons) {
  const heading = ['', 'koubou', 'lower bound', 'ratio', 'each round', 'goal'];
  const rows = comparisons.map(({ label, digits, ours, bound, ratio, ratios, goal }) => [
    label,
    figure(ours, digits),
    figure(bound, digits),
    figure(ratio, 2),
    ratios.map((value) => figure(value, 2)).join(' '),
    goal,
  ]);
  console.log(`${table([heading, ...rows])}\n`);
}

function verdict({ ratio, ours, goal, own }) {
  if (goal?.atLeast !== undefined) return judged(ratio >= goal.atLeast, `ratio ≥ ${goal.atLeast}`);
  if (goal?.atMost !== undefined) return judged(ratio <= goal.atMost, `ratio ≤ ${goal.atMost}`);
  if (own !== undefined) return judged(ours <= own.atMost, `≤ ${own.atMost}`);
  return { goal: '', reached: null };
}

function judged(reached, goal) {
  return { goal: `${goal} ${reached ? 'reached' : 'MISSED'}`, reached };
}
