import { vi } from 'vitest';

/** Waits for an assertion to hold, looking every few ms; fails with the assertion's own message after 5 s. */
export function until(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 5_000, interval: 5 });
}
