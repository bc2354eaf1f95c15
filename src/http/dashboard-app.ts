import { type Context, Hono } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import { KoubouError } from '../machines/errors.ts';
import type { Caller } from '../machines/scopes.ts';
import type { Runtime } from '../runtime.ts';
import { version } from '../version.ts';
import { credentialOf, sessionCookie } from './access-credentials.ts';
import { gateOf } from './access-gate.ts';
import { addressOf } from './auth.ts';
import { type PageFile, pageFiles, pageFolder } from './dashboard-files.ts';
import { loginPage, loginStyle } from './dashboard-login.ts';
import type { AppLog } from './door-app.ts';
import { errorBody, statusOf } from './error-table.ts';

/** Ports of the doors that the page speaks to; known once they are open. */
export interface DoorPorts {
  readonly rest: number;
  readonly websocket: number;
  readonly graphql: number;
  readonly logs: number;
}

export interface DashboardPorts {
  readonly runtime: Runtime;
  readonly log: AppLog;
  readonly ports: DoorPorts;
  /** Where the built page lies; by default beside the program. */
  readonly folder?: string;
}

/** A month: the token behind it can be revoked at any time. In seconds. */
const sessionSeconds = 30 * 24 * 3_600;

/**
 * The door of the dashboard: the page, a login where the server asks for tokens, and where the other doors are. All that
 * the page shows it asks of those, as everybody else.
 */
export function createDashboardApp({ runtime, log, ports, folder = pageFolder() }: DashboardPorts): Hono {
  const app = new Hono();
  const gate = gateOf(runtime);
  const files = pageFiles(folder);

  app.use(async (c, next) => {
    gate.assertWhence({ host: c.req.header('host') });
    await next();
    for (const [name, value] of Object.entries(headersOf(c, ports))) c.header(name, value);
  });
  app.onError((error, c) => {
    const isRefusal = error instanceof KoubouError;
    if (!isRefusal) log.error({ err: error }, 'a request for the dashboard failed');
    const refusal = isRefusal
      ? error
      : new KoubouError('internal', 'something went wrong here; see the server log');
    return c.json(errorBody(refusal), statusOf(refusal.code) as 400);
  });
  app.notFound((c) => c.text('there is nothing here; the dashboard is at /', 404));

  const callerOf = (c: Context): Promise<Caller> =>
    gate.client(credentialOf({ cookie: c.req.header('cookie') }), addressOf(c));

  app.get('/', async (c) => {
    const caller = await callerOf(c).catch(() => null);
    if (caller === null) return c.redirect('/login');
    const page = files('/index.html');
    if (page === undefined) return c.text('the page is not built: run "npm run build"', 503);
    return serve(c, page);
  });
  app.get('/assets/*', (c) => {
    const file = files(c.req.path);
    return file === undefined ? c.notFound() : serve(c, file);
  });
  app.get('/server.json', async (c) => {
    const { scopes } = await callerOf(c);
    c.header('Cache-Control', 'no-store');
    return c.json({ version, ports, scopes, isSignedIn: !gate.isOpen });
  });
  app.get('/login.css', (c) => c.body(loginStyle, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/login', (c) => (gate.isOpen ? c.redirect('/') : c.html(loginPage(c, null))));
  app.post('/login', async (c) => {
    assertOwnPage(c);
    const { token } = await c.req.parseBody();
    const presented = typeof token === 'string' ? token.trim() : '';
    try {
      await gate.client(presented === '' ? null : presented, addressOf(c));
    } catch (error) {
      if (!(error instanceof KoubouError)) throw error;
      return c.html(loginPage(c, error.message), statusOf(error.code) as 401);
    }
    setCookie(c, sessionCookie, presented, {
      httpOnly: true,
      sameSite: 'Strict',
      secure: new URL(c.req.url).protocol === 'https:',
      path: '/',
      maxAge: sessionSeconds,
    });
    return c.redirect('/', 303);
  });
  app.post('/logout', (c) => {
    assertOwnPage(c);
    deleteCookie(c, sessionCookie, { path: '/' });
    return c.redirect('/login', 303);
  });
  return app;
}

/** Another site could sign its visitors in as somebody else, and watch what they hand in. */
function assertOwnPage(c: Context): void {
  const origin = c.req.header('origin');
  if (origin === undefined || origin === 'null' || new URL(origin).host === c.req.header('host')) return;
  throw new KoubouError('auth.forbidden', 'this form works on its own page alone');
}

/** No script but the page's own files, no frame around it, no other server than its own doors. */
function headersOf(c: Context, ports: DoorPorts): Record<string, string> {
  const host = new URL(c.req.url).hostname;
  const doors = Object.values(ports).flatMap((port) =>
    ['http', 'https', 'ws', 'wss'].map((scheme) => `${scheme}://${host}:${port}`),
  );
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "worker-src 'self'",
    `connect-src 'self' ${doors.join(' ')}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  };
}

function serve(c: Context, file: PageFile): Response {
  const cache = file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache';
  c.header('ETag', file.etag);
  c.header('Cache-Control', cache);
  c.header('Vary', 'Accept-Encoding');
  if (c.req.header('if-none-match')?.includes(file.etag)) return c.body(null, 304);
  c.header('Content-Type', file.contentType);
  const accepted = c.req.header('accept-encoding') ?? '';
  if (/\bbr\b/.test(accepted)) {
    c.header('Content-Encoding', 'br');
    return c.body(file.brotli);
  }
  if (/\bgzip\b/.test(accepted)) {
    c.header('Content-Encoding', 'gzip');
    return c.body(file.gzip);
  }
  return c.body(file.plain);
}
