/**
 * Mutation testing: each change of an operator, a value or a block in the charts, the decisions and the statements must
 * make a test fail. `npm run mutation -- --mutate src/machines/retry.ts` for one file. What survives is judged in
 * docs/testing.md.
 */
export default {
  packageManager: 'npm',
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  // TypeScript 7 has no API with which it could be rewritten for the sandbox, and nothing there asks for it.
  tsconfigFile: 'no-tsconfig.json',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  mutate: ['src/machines/**/*.ts', 'src/db/**/*.ts', '!src/machines/*limits.ts', '!src/db/schema.ts'],
  // They run once, before any test: each would cost a whole run.
  ignoreStatic: true,
  reporters: ['clear-text', 'progress', 'json', 'html'],
  clearTextReporter: { logTests: false, reportTests: false },
  jsonReporter: { fileName: 'artifacts/mutation/mutation.json' },
  htmlReporter: { fileName: 'artifacts/mutation/mutation.html' },
  incremental: true,
  incrementalFile: 'artifacts/mutation/incremental.json',
  tempDirName: 'artifacts/mutation/sandbox',
  concurrency: 2,
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 90, break: null },
  ignorePatterns: ['artifacts', 'dist', 'bench/results', 'docs'],
};
