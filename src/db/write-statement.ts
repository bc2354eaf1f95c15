import { is, Param, Placeholder } from 'drizzle-orm';
import type { Db } from './client.ts';

/** A statement that changes rows, prepared once and run for each task. */
export interface WriteStatement {
  readonly sql: string;
  run(values: Readonly<Record<string, unknown>>): { readonly changes: number };
}

/**
 * Prepares a statement that drizzle has built. drizzle would look for the placeholders among the parameters again at
 * each run; here their places are found once. Our columns need no encoding: they are text and numbers.
 */
export function prepareWrite(db: Db, query: { toSQL(): { sql: string; params: unknown[] } }): WriteStatement {
  const { sql, params } = query.toSQL();
  const statement = db.$client.prepare(sql);
  const slots = params.map(slotOf);
  return {
    sql,
    run: (values) => statement.run(slots.map(({ name, fixed }) => (name === null ? fixed : values[name]))),
  };
}

interface Slot {
  /** Of the placeholder that stands here, or `null` for a fixed value. */
  readonly name: string | null;
  readonly fixed: unknown;
}

function slotOf(param: unknown): Slot {
  const value = is(param, Param) ? param.value : param;
  return is(value, Placeholder) ? { name: value.name, fixed: undefined } : { name: null, fixed: value };
}
