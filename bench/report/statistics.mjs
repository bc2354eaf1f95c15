/** @param {readonly number[]} values @param {number} share 0 to 1 */
export function quantile(values, share) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - below);
}

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * The same field of several samples.
 *
 * @template {object} T
 * @param {readonly T[]} samples
 * @param {keyof T} field
 */
export function medianOf(samples, field) {
  return median(samples.map((sample) => Number(sample[field])));
}
