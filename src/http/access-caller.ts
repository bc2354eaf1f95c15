import type { Context } from 'hono';
import { KoubouError } from '../machines/errors.ts';
import { allows, type Caller, type Scope } from '../machines/scopes.ts';

declare module 'hono' {
  interface ContextVariableMap {
    /** Who asks; set before any route of a door is asked, except where a route is open to all. */
    caller: Caller;
  }
}

/** Who sent this request. Where a route is open to all, somebody without any scope. */
export function callerOf(c: Context): Caller {
  return c.get('caller') ?? nobody;
}

const nobody: Caller = { name: 'nobody', tokenId: null, scopes: [] };

/**
 * Lets on who has one of the scopes; `admin` stands for `submit` and `read`, too.
 *
 * @throws KoubouError `auth.forbidden` that names what is missing
 */
export function requireScope(c: Context, ...wanted: readonly Scope[]): void {
  assertScope(callerOf(c), ...wanted);
}

/** The same for doors that speak no HTTP. @throws KoubouError `auth.forbidden` */
export function assertScope(caller: Caller, ...wanted: readonly Scope[]): void {
  if (allows(caller.scopes, wanted)) return;
  throw new KoubouError(
    'auth.forbidden',
    `this takes a token with the scope ${wanted.join(' or ')}; yours has ${caller.scopes.join(', ') || 'none'}`,
    { details: { missing_scope: wanted } },
  );
}
