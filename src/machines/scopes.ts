/**
 * What a token may be good for. `read` sees everything that there is to see; `submit` hands tasks in, and sees and
 * cancels those whose ids it knows; `admin` does all that clients can do; `worker` joins the pool, and nothing else.
 */
export const scopes = ['submit', 'read', 'admin', 'worker'] as const;
export type Scope = (typeof scopes)[number];

/** Who asks, as far as it is known. */
export interface Caller {
  /** Of the token, for people. */
  readonly name: string;
  /** Of the stored token; `null` for who presented another one, or none. */
  readonly tokenId: string | null;
  readonly scopes: readonly Scope[];
}

/** All that clients can do. Joining as a worker is no part of it: a worker's token lies on another machine. */
export const clientScopes: readonly Scope[] = ['submit', 'read', 'admin'];

/** Whether who has `held` may do what any one of `wanted` is good for. */
export function allows(held: readonly Scope[], wanted: readonly Scope[]): boolean {
  return wanted.some((scope) => held.includes(scope) || (scope !== 'worker' && held.includes('admin')));
}
