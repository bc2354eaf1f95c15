import type { SQL } from 'drizzle-orm';
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import { describe, expect, test } from 'vitest';
import { type Db, openDatabase } from '../../src/db/client.ts';
import * as schema from '../../src/db/schema.ts';
import { onDisposal } from '../support/disposal.ts';
import { freshHome } from '../support/store-samples.ts';

const tables = Object.values(schema).filter(
  (value): value is typeof value & SQLiteTable => typeof value === 'object' && 'getSQL' in value,
);

function open(path = ':memory:'): Db {
  const db = openDatabase(path, 'normal');
  onDisposal(() => db.$client.close());
  return db;
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

const words = (text: string) => text.replaceAll(/["`]/g, '').replaceAll(/\s+/g, ' ').trim().toLowerCase();

describe('a migrated database', () => {
  test('has the tables of the schema, and no others', () => {
    const found = open()
      .$client.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'",
      )
      .pluck()
      .all() as string[];
    expect(found.sort()).toEqual(tables.map((table) => getTableConfig(table).name).sort());
    expect(found).toHaveLength(7);
  });

  test.each(tables.map((table) => getTableConfig(table)))('has the columns of $name', ({ name, columns }) => {
    const found = open().$client.pragma(`table_info(${name})`) as Column[];
    expect(
      found.map((each) => [each.name, each.type.toLowerCase(), each.pk > 0, each.notnull === 1]),
    ).toEqual(columns.map((column) => [column.name, column.getSQLType(), column.primary, column.notNull]));
  });

  test.each(tables.map((table) => getTableConfig(table)))('has the indexes of $name', ({
    name,
    columns,
    indexes,
  }) => {
    const found = open()
      .$client.prepare(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql NOT NULL",
      )
      .all(name) as { name: string; sql: string }[];
    const declaredHere = indexes.map(({ config }) => {
      const textOf = (part: SQL | undefined) =>
        part?.queryChunks.map((chunk) => ('value' in Object(chunk) ? Object(chunk).value : '')).join('');
      const on = config.columns.map((column) => ('name' in column ? column.name : textOf(column))).join(', ');
      const where = textOf(config.where);
      const unique = config.unique ? 'unique ' : '';
      const condition = where === undefined ? '' : ` where ${where}`;
      return words(`create ${unique}index ${config.name} on ${name} (${on})${condition}`);
    });
    const unique = columns.filter(({ isUnique }) => isUnique);
    const declared = [
      ...declaredHere,
      ...unique.map(
        (column) => `create unique index ${name}_${column.name}_unique on ${name} (${column.name})`,
      ),
    ];
    expect(found.map(({ sql }) => words(sql).replaceAll(',', ', ').replaceAll('  ', ' ')).sort()).toEqual(
      declared.sort(),
    );
  });

  test.each(tables.map((table) => getTableConfig(table)))('has the references of $name', ({
    name,
    foreignKeys,
  }) => {
    const found = open().$client.pragma(`foreign_key_list(${name})`) as { from: string; table: string }[];
    const declared = foreignKeys.map((key) => {
      const { columns, foreignTable } = key.reference();
      return [columns[0]?.name, getTableConfig(foreignTable).name];
    });
    expect(found.map(({ from, table }) => [from, table]).sort()).toEqual(declared.sort());
  });

  test('is migrated once: opening it again changes nothing', () => {
    const path = `${freshHome()}/koubou.db`;
    const dump = (db: Db) => db.$client.prepare('SELECT * FROM sqlite_master ORDER BY name').all();
    const db = open(path);
    const [before, version] = [dump(db), db.$client.pragma('schema_version', { simple: true })];
    db.$client.close();
    const again = open(path);
    expect(dump(again)).toEqual(before);
    expect(again.$client.pragma('schema_version', { simple: true })).toBe(version);
  });

  test('is whole', () => {
    const { $client: client } = open();
    expect(client.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(client.pragma('foreign_key_check')).toEqual([]);
  });
});
