import fc from 'fast-check';
import { afterEach } from 'vitest';
import { disposeAll } from './disposal.ts';

// One seed for the whole run, printed by fast-check when a property fails: `KOUBOU_TEST_SEED=… npx vitest run`.
const seed = Number(process.env['KOUBOU_TEST_SEED'] ?? 20_261_122);
fc.configureGlobal({ seed });

afterEach(disposeAll);
