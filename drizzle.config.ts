import { defineConfig } from 'drizzle-kit';

/** `npm run migration -- --name what_changes` writes the next migration from `src/db/schema.ts`. */
export default defineConfig({ dialect: 'sqlite', schema: './src/db/schema.ts', out: './migrations' });
