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
export function prepareWrite(db: Db, query: Query): WriteStatement {
  const { sql, params } = query.toSQL();
  const statement = db.$client.prepare(sql);
  const places = placesOf(params);
  return {
    sql,
    run: (values) => statement.run(valuesAt(places, values)),
  };
}

/** What drizzle has built. */
export interface Query {
  toSQL(): { sql: string; params: unknown[] };
}

/** A parameter of a statement. */
interface Place {
  /** Of the placeholder that stands here, or `null` for a fixed value. */
  readonly name: string | null;
  readonly fixed: unknown;
}

/** Where the values of a statement go. */
export function placesOf(params: readonly unknown[]): readonly Place[] {
  return params.map(placeOf);
}

export function valuesAt(places: readonly Place[], values: Readonly<Record<string, unknown>>): unknown[] {
  return places.map(({ name, fixed }) => (name === null ? fixed : values[name]));
}

function placeOf(param: unknown): Place {
  const value = is(param, Param) ? param.value : param;
  return is(value, Placeholder) ? { name: value.name, fixed: undefined } : { name: null, fixed: value };
}
