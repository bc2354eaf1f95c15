/** Where the doors of the server are, and how they are asked. The page speaks only those that everybody can use. */

export interface Doors {
  readonly rest: string;
  readonly websocket: string;
  readonly graphql: string;
  readonly logs: string;
}

/** What the dashboard's own door says of the server. */
export interface ServerFacts {
  readonly version: string;
  readonly ports: {
    readonly rest: number;
    readonly websocket: number;
    readonly graphql: number;
    readonly logs: number;
  };
  /** What whoever looks may do: submit, read, admin. */
  readonly scopes: readonly string[];
  /** Whether somebody has signed in, so that they can sign out. */
  readonly isSignedIn: boolean;
}

export let facts: ServerFacts = {
  version: '',
  ports: { rest: 0, websocket: 0, graphql: 0, logs: 0 },
  scopes: [],
  isSignedIn: false,
};

/** @throws Refusal with status 401 when somebody must sign in first */
export async function loadFacts(): Promise<void> {
  facts = await asked(fetch('/server.json', { credentials: 'same-origin' }));
}

export function can(scope: 'submit' | 'read' | 'admin'): boolean {
  return facts.scopes.includes(scope) || facts.scopes.includes('admin');
}

export function doors(): Doors {
  const { hostname } = location;
  const secure = location.protocol === 'https:' ? 's' : '';
  const at = (scheme: string, port: number) => `${scheme}${secure}://${hostname}:${port}`;
  const { rest, websocket, graphql, logs } = facts.ports;
  return {
    rest: at('http', rest),
    websocket: at('ws', websocket),
    graphql: at('http', graphql),
    logs: at('http', logs),
  };
}

/** What the server refused, in its own words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Asks the REST interface. @throws Refusal */
// biome-ignore lint/suspicious/noExplicitAny: each caller names the shape that it knows
export function ask<T = any>(path: string, { method = 'GET', body, signal }: AskOptions = {}): Promise<T> {
  return asked(fetch(`${doors().rest}${path}`, requestOf(method, body, signal)));
}

/** Asks the Log API. @throws Refusal */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function askLogs<T = any>(path: string, signal?: AbortSignal): Promise<T> {
  return asked(fetch(`${doors().logs}${path}`, requestOf('GET', undefined, signal)));
}

interface AskOptions {
  readonly method?: string;
  readonly body?: object;
  readonly signal?: AbortSignal;
}

function requestOf(method: string, body: object | undefined, signal: AbortSignal | undefined): RequestInit {
  const init: RequestInit = { method, credentials: 'include' };
  if (signal !== undefined) init.signal = signal;
  if (body === undefined) return init;
  return { ...init, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

async function asked<T>(sent: Promise<Response>): Promise<T> {
  const response = await sent;
  const text = await response.text();
  const value = text === '' ? null : parsed(text);
  if (response.ok) return value as T;
  const { error, message } = (value ?? {}) as {
    error?: { code?: string; message?: string };
    message?: string;
  };
  throw new Refusal(
    response.status,
    error?.code ?? String(response.status),
    error?.message ?? message ?? response.statusText,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
