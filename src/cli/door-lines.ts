import type { KoubouServer } from '../server.ts';

/** Where a server is to be reached, a line for each door. */
export function doorLines({
  rest,
  websocket,
  graphql,
  logs,
  dashboard,
}: KoubouServer['urls']): readonly string[] {
  const doors = [
    ['dashboard', dashboard],
    ['REST', rest],
    ['docs', `${rest}/docs`],
    ['WebSocket', websocket],
    ['GraphQL', graphql],
    ['Log API', logs],
  ] as const;
  const width = Math.max(...doors.map(([name]) => name.length));
  return doors.map(([name, url]) => `  ${name.padEnd(width)}  ${url}`);
}
