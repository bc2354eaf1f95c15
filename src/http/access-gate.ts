import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Config } from '../config/settings.ts';
import { KoubouError } from '../machines/errors.ts';
import { type Caller, clientScopes } from '../machines/scopes.ts';
import { digestOf, type Tokens } from '../runtime/tokens.ts';
import { addressKey, isLoopbackAddress, isLoopbackHost, isLoopbackOrigin } from './access-address.ts';
import { assertScope } from './access-caller.ts';
import { type Allowance, type CallerClass, GuessLimit, RateLimits } from './rate-limits.ts';

/** What the gate looks at; a runtime has it. */
export interface GatePorts {
  readonly tokens: Tokens;
  readonly config: Pick<Config, 'apiToken' | 'workerAuthToken' | 'host' | 'ports'> & {
    readonly server: Pick<Config['server'], 'allowedOrigins' | 'rateLimit'>;
  };
}

/** A token of the environment. */
interface Configured {
  readonly digest: Buffer;
  readonly caller: Caller;
}

/** Headers that say where a request was made, and under which name this server was asked. */
export interface Whence {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

/** Everybody, where nobody is asked for a token. */
export const local: Caller = { name: 'this machine', tokenId: null, scopes: clientScopes };
const master: Caller = { name: 'KOUBOU_API_TOKEN', tokenId: null, scopes: clientScopes };
const poolWorker: Caller = { name: 'WORKER_AUTH_TOKEN', tokenId: null, scopes: ['worker'] };

const gates = new WeakMap<GatePorts, Gate>();

/** The gate of a runtime: one for all of its doors, so that they count together. */
export function gateOf(ports: GatePorts): Gate {
  const gate = gates.get(ports) ?? new Gate(ports);
  gates.set(ports, gate);
  return gate;
}

/** Says who comes in, and how often. Every door asks it. */
export class Gate {
  readonly #ports: GatePorts;
  readonly #guesses = new GuessLimit();
  readonly #master: Configured | null;
  readonly #poolWorker: Configured | null;
  #rates: { readonly of: Config['server']['rateLimit']; readonly limits: RateLimits } | undefined;

  constructor(ports: GatePorts) {
    this.#ports = ports;
    const { apiToken, workerAuthToken } = ports.config;
    this.#master = apiToken === null ? null : { digest: digestOf(apiToken), caller: master };
    this.#poolWorker =
      workerAuthToken === null ? null : { digest: digestOf(workerAuthToken), caller: poolWorker };
  }

  get tokens(): Tokens {
    return this.#ports.tokens;
  }

  /** Without any token on a server that other machines cannot reach, everybody on this machine may do everything. */
  get isOpen(): boolean {
    const { config, tokens } = this.#ports;
    return config.apiToken === null && isLoopbackAddress(config.host) && !tokens.areAsked;
  }

  /** Whether pages of this origin may read answers. */
  isAllowedOrigin(origin: string, host: string | undefined): boolean {
    return (
      isLoopbackOrigin(origin) ||
      this.#ports.config.server.allowedOrigins.includes(origin) ||
      // A page of this server itself. Under a name that somebody else gave it, its requests lack the token.
      (!this.isOpen && URL.canParse(origin) && host !== undefined && new URL(origin).host === host)
    );
  }

  /**
   * The headers of a request, without a cookie that another page has brought along: cookies know no ports, so that every page
   * of this machine carries the one of the dashboard.
   */
  withOwnCookie<H extends IncomingHttpHeaders>({ cookie, ...headers }: H): IncomingHttpHeaders {
    return cookie !== undefined && this.#isDashboard(headers) ? { ...headers, cookie } : headers;
  }

  /** Requests of pages that change anything, or whose answers can be read, tell their origin. */
  #isDashboard({ origin, host }: Whence): boolean {
    if (origin === undefined) return true;
    if (host === undefined || !URL.canParse(origin)) return false;
    const page = new URL(origin);
    const { dashboard } = this.#ports.config.ports;
    return page.hostname === new URL(`http://${host}`).hostname && [0, Number(page.port)].includes(dashboard);
  }

  /**
   * Keeps pages of other sites out, which a browser would carry here. The name of the host counts where nothing else keeps
   * anybody out: a page may point a name of its own at this machine (DNS rebinding).
   *
   * @throws KoubouError `auth.forbidden`
   */
  assertWhence({ origin, host }: Whence): void {
    if (origin !== undefined && !this.isAllowedOrigin(origin, host)) {
      throw new KoubouError(
        'auth.forbidden',
        'pages of other sites are not let in; server.allowed_origins in koubou.yaml names those that are',
      );
    }
    if (!this.isOpen || host === undefined || isLoopbackHost(host)) return;
    throw new KoubouError(
      'auth.forbidden',
      'without a token this server answers only under localhost; set KOUBOU_API_TOKEN, or create a token, for more',
    );
  }

  /**
   * Who presents this, as a client. `null` presents nothing.
   *
   * @throws KoubouError `auth.missing`, `rate.limited` after too many wrong ones
   */
  async client(presented: string | null, address: string): Promise<Caller> {
    // Clients that must send some token, whatever it is, are welcome as well.
    if (this.isOpen) return local;
    if (presented === null) {
      throw new KoubouError(
        'auth.missing',
        'this server asks for a token: send "Authorization: Bearer <token>"',
      );
    }
    return this.#known(
      presented,
      address,
      this.#master,
      'it must be the KOUBOU_API_TOKEN of the server, or one of `koubou token create`',
    );
  }

  /**
   * The same, counted: who is not let in counts as a stranger.
   *
   * @throws KoubouError `auth.missing`, `rate.limited`
   */
  async countedClient(presented: string | null, address: string): Promise<Caller> {
    return this.#counted(this.client(presented, address), address);
  }

  /** See {@link worker}; counted as well. */
  async countedWorker(presented: string | null, address: string): Promise<Caller> {
    return this.#counted(this.worker(presented, address), address);
  }

  /**
   * Who presents this, as a worker that wants to join.
   *
   * @throws KoubouError `auth.missing`, `auth.forbidden`, `rate.limited`
   */
  async worker(presented: string | null, address: string): Promise<Caller> {
    if (this.#poolWorker === null && !this.tokens.letWorkersIn) {
      throw new KoubouError(
        'auth.forbidden',
        'this pool takes no workers in: set WORKER_AUTH_TOKEN for it, and the same for the worker',
      );
    }
    if (presented === null) {
      throw new KoubouError(
        'auth.missing',
        'this pool asks workers for a token: set WORKER_AUTH_TOKEN to that of the pool',
      );
    }
    const caller = await this.#known(
      presented,
      address,
      this.#poolWorker,
      'it must be the WORKER_AUTH_TOKEN of the pool, or one with the scope worker',
    );
    assertScope(caller, 'worker');
    return caller;
  }

  /**
   * Counts a request of a caller, or of somebody who has shown nothing.
   *
   * @throws KoubouError `rate.limited`
   */
  count(caller: Caller | null, address: string): Promise<Allowance | null> {
    const { rateLimit } = this.#ports.config.server;
    if (this.#rates?.of !== rateLimit) this.#rates = { of: rateLimit, limits: new RateLimits(rateLimit) };
    const callerClass = this.classOf(caller, address);
    const key = caller?.tokenId ?? (callerClass === 'loopback' ? 'loopback' : addressKey(address));
    return this.#rates.limits.take(callerClass, key);
  }

  classOf(caller: Caller | null, address: string): CallerClass {
    if (isLoopbackAddress(address)) return 'loopback';
    return caller === null ? 'stranger' : 'token';
  }

  async #counted(known: Promise<Caller>, address: string): Promise<Caller> {
    try {
      await this.count(await known, address);
      return await known;
    } catch (error) {
      await known.catch(() => this.count(null, address));
      throw error;
    }
  }

  async #known(
    presented: string,
    address: string,
    configured: Configured | null,
    advice: string,
  ): Promise<Caller> {
    await this.#guesses.assertMayTry(address);
    // Digests are of equal length whatever was sent, so that the comparison takes equally long.
    if (configured !== null && timingSafeEqual(configured.digest, digestOf(presented)))
      return configured.caller;
    const caller = this.tokens.callerOf(presented);
    if (caller !== undefined) return caller;
    await this.#guesses.count(address, digestOf(presented));
    throw new KoubouError('auth.missing', `the token is wrong; ${advice}`);
  }
}
