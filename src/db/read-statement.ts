import type { Db } from './client.ts';
import { placesOf, type Query, valuesAt } from './write-statement.ts';

/** A statement that finds rows, prepared once and run for each task. */
export interface ReadStatement<Row> {
  readonly sql: string;
  get(values?: Readonly<Record<string, unknown>>): Row | undefined;
  all(values: Readonly<Record<string, unknown>>): Row[];
}

/**
 * Prepares a select that drizzle has built of these columns. drizzle would decode each value by its column at each run;
 * ours need no decoding: they are text and numbers.
 */
export function prepareRead<Row>(
  db: Db,
  columns: Readonly<Record<keyof Row & string, unknown>>,
  query: Query,
) {
  const { sql, params } = query.toSQL();
  const statement = db.$client.prepare(sql).raw(true);
  const places = placesOf(params);
  const names = Object.keys(columns);
  const rowOf = (cells: readonly unknown[]): Row => {
    const row: Record<string, unknown> = {};
    for (let at = 0; at < names.length; at += 1) row[names[at] as string] = cells[at];
    return row as Row;
  };
  return {
    sql,
    get: (values = {}) => {
      const cells = statement.get(valuesAt(places, values)) as unknown[] | undefined;
      return cells === undefined ? undefined : rowOf(cells);
    },
    all: (values) => (statement.all(valuesAt(places, values)) as unknown[][]).map(rowOf),
  } satisfies ReadStatement<Row>;
}
