import { vi } from 'vitest';

/** Waits for an assertion to hold, looking every few ms; fails with the assertion's own message after 5 s, or longer. */
export function until(assertion: () => void, patienceMs = 5_000): Promise<void> {
  return vi.waitFor(assertion, { timeout: patienceMs, interval: 5 });
}
