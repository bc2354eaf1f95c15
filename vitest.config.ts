import { defineConfig } from 'vitest/config';

// What is tested is what runs: under any other name of the environment XState's development build would be loaded.
process.env['NODE_ENV'] = 'production';

export default defineConfig({
  // As Node finds it. Vite would take its other build, and errors of the one are none of the other.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/llm/**'],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
