import { signal } from '@preact/signals';

/** Where the reader is: `#/tasks/task_…?seq=123`. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export const route = signal<Route>(parse());

addEventListener('hashchange', () => {
  route.value = parse();
});

function parse(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

/** The address of a place, for links. */
export function hrefOf(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

/** Goes to a place; `replace` leaves no trace of this one in the history. */
export function go(
  path: readonly string[],
  query: Readonly<Record<string, string>> = {},
  how: 'push' | 'replace' = 'push',
): void {
  const href = hrefOf(path, query);
  if (how === 'push') location.hash = href;
  else {
    history.replaceState(null, '', href);
    route.value = parse();
  }
}
