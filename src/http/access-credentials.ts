import type { IncomingHttpHeaders } from 'node:http';
import { parse } from 'hono/utils/cookie';

/**
 * The token that came with a request, `null` without one. This is the one place that knows where a token may stand; never
 * in the address, which is logged on the way.
 */
export function credentialOf({ authorization, cookie }: Presented): string | null {
  return /^Bearer\s+(\S.*)$/i.exec(authorization ?? '')?.[1] ?? inCookie(cookie ?? '');
}

/** What browsers keep for a page that has signed in; scripts cannot read it, and other sites cannot make use of it. */
export const sessionCookie = 'koubou_session';

type Presented = Partial<Pick<IncomingHttpHeaders, 'authorization' | 'cookie'>>;

function inCookie(header: string): string | null {
  if (!header.includes(sessionCookie)) return null;
  return parse(header, sessionCookie)[sessionCookie] || null;
}
