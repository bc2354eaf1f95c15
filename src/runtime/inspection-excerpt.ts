import { inspectionLimits as limits } from '../machines/inspection-limits.ts';

/** What JSON can say. */
export type Excerpt =
  | null
  | boolean
  | number
  | string
  | readonly Excerpt[]
  | { readonly [name: string]: Excerpt };

/**
 * A value of an actor as others may look at it: no prompt or answer as a whole, nothing that lives, and never more than so
 * much, whatever it is. What is left out says so in its place.
 */
export function excerptOf(value: unknown): Excerpt {
  return excerpt(value, 0, { left: limits.excerptValuesMax }) ?? null;
}

interface Room {
  left: number;
}

/** @returns `undefined` for what has no place in it */
function excerpt(value: unknown, depth: number, room: Room): Excerpt | undefined {
  switch (typeof value) {
    case 'string':
      return textOf(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'undefined':
    case 'function':
    case 'symbol':
      return undefined;
    case 'object':
      return value === null ? null : objectOf(value, depth, room);
  }
}

function textOf(text: string): string {
  const most = limits.excerptTextCharsMax;
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;
}

function objectOf(value: object, depth: number, room: Room): Excerpt {
  if (isActor(value)) return `[actor ${value.id}]`;
  if (value instanceof Error) return textOf(value.message);
  if (depth >= limits.excerptDepthMax || room.left <= 0) return '…';
  if (Array.isArray(value)) return listOf(value, depth, room);
  if (value instanceof Map) return recordOf([...head(value)], value.size, depth, room);
  if (value instanceof Set) return listOf([...value], depth, room);
  const kind = Object.getPrototypeOf(value) as { constructor?: { name: string } } | null;
  if (kind !== null && kind !== Object.prototype) return `[${kind.constructor?.name ?? 'object'}]`;
  const entries = Object.entries(value);
  return recordOf(entries, entries.length, depth, room);
}

function* head(map: ReadonlyMap<unknown, unknown>): Generator<readonly [string, unknown]> {
  let count = 0;
  for (const [name, each] of map) {
    if (count++ === limits.excerptEntriesMax) return;
    yield [String(name), each];
  }
}

function listOf(list: readonly unknown[], depth: number, room: Room): Excerpt {
  const items: Excerpt[] = [];
  for (const each of list.slice(0, limits.excerptEntriesMax)) {
    if (room.left <= 0) break;
    room.left -= 1;
    items.push(excerpt(each, depth + 1, room) ?? null);
  }
  if (items.length < list.length) items.push(`… (${list.length} in all)`);
  return items;
}

function recordOf(
  entries: readonly (readonly [string, unknown])[],
  size: number,
  depth: number,
  room: Room,
): Excerpt {
  const record: Record<string, Excerpt> = {};
  let shown = 0;
  for (const [name, each] of entries.slice(0, limits.excerptEntriesMax)) {
    if (room.left <= 0) break;
    room.left -= 1;
    shown += 1;
    const inner = excerpt(each, depth + 1, room);
    if (inner !== undefined) record[textOf(name)] = inner;
  }
  if (shown < size) record['…'] = `${size} in all`;
  return record;
}

function isActor(value: object): value is { readonly id: string } {
  return 'sessionId' in value && 'send' in value && 'id' in value;
}
