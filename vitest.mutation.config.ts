import { defineConfig } from 'vitest/config';
import all from './vitest.config.ts';

/** The tests that a mutant of a machine or of the store has to get past: those that need no server, and no second. */
export default defineConfig({
  ...all,
  test: {
    ...all.test,
    include: ['test/machines/**/*.test.ts', 'test/db/**/*.test.ts'],
    exclude: ['test/machines/paths/**', 'test/db/home.test.ts'],
    // Instrumented, the slowest take several times as long.
    testTimeout: 120_000,
  },
});
