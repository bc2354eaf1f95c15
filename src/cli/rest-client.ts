import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { patientFetch } from '../actors/patient-fetch.ts';
import type { TaskPage } from '../db/list-queries.ts';
import type { AttemptView, PoolView, ReloadReport, RetryReport } from '../runtime/operation.ts';
import type { Readiness } from '../runtime/readiness.ts';
import type { Shrunk } from '../runtime/retention.ts';
import type { TaskView } from '../runtime/task-view.ts';
import type { TokenView } from '../runtime/tokens.ts';
import type { WorkerView } from '../runtime/worker-view.ts';
import { CliError, exitCodes } from './cli.ts';
import type { Messages } from './messages.ts';
import type { ServerAddress } from './server-address.ts';
import { readServerEvents, type ServerEvent } from './sse-reader.ts';
import type { CreatedToken } from './token-keeper.ts';

/** The server answered, and refused. */
export class Refusal extends CliError {
  override readonly name = 'Refusal';
  readonly status: number;
  /** `TASK_NOT_FOUND`, … */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The connection could not be made, or broke before the answer: nobody knows what the server did. */
export class Unreachable extends CliError {
  override readonly name = 'Unreachable';
  /** `ECONNREFUSED`, … */
  readonly reason: string;

  constructor(message: string, reason: string, options: ErrorOptions) {
    super(message, exitCodes.failed, options);
    this.reason = reason;
  }
}

/** A task as it was accepted. */
export interface Accepted {
  readonly task_id: string;
  readonly status: string;
  readonly retry_of?: string;
  readonly warnings?: readonly string[];
}

/** What may be asked of a worker, as its path ends. */
export type WorkerOrder = 'drain' | 'rest' | 'resume' | 'breaker/close';

/** Further tries of a delegation whose connection broke; its key makes them safe. */
const delegateTries = 3;
const retryPauseMs = 300;

/** The REST interface, as the commands use it. All methods throw {@link Refusal} and {@link Unreachable}. */
export class RestClient {
  readonly #address: ServerAddress;
  readonly #messages: Messages;

  constructor(address: ServerAddress, messages: Messages) {
    this.#address = address;
    this.#messages = messages;
  }

  get url(): string {
    return this.#address.url;
  }

  /** Hands in a task once, however often the connection breaks. */
  async delegate(body: object): Promise<Accepted> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    for (let tries = 1; ; tries += 1) {
      try {
        return (await this.#json('/task/delegate', init)) as Accepted;
      } catch (error) {
        const isWorthAnother = error instanceof Unreachable && error.reason !== 'ECONNREFUSED';
        if (!isWorthAnother || tries === delegateTries) throw error;
        await pause(retryPauseMs);
      }
    }
  }

  async task(id: string): Promise<TaskView> {
    return (await this.#json(`/task/${encodeURIComponent(id)}`)) as TaskView;
  }

  async tasks(query: Readonly<Record<string, string>>): Promise<TaskPage> {
    return (await this.#json(`/tasks?${new URLSearchParams(query)}`)) as TaskPage;
  }

  async cancel(id: string): Promise<Accepted> {
    return (await this.#json(`/task/${encodeURIComponent(id)}`, { method: 'DELETE' })) as Accepted;
  }

  async retry(id: string): Promise<Accepted> {
    return (await this.#json(`/task/${encodeURIComponent(id)}/retry`, { method: 'POST' })) as Accepted;
  }

  /** Tries ended tasks again, or tells which; asking twice is asking once, as what was tried again is left out. */
  async retryMany(request: object): Promise<RetryReport> {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(request) };
    return (await this.#json('/tasks/retry', init)) as RetryReport;
  }

  /** Who had the task, why, and what came of it. */
  async attempts(id: string): Promise<readonly AttemptView[]> {
    const path = `/task/${encodeURIComponent(id)}/attempts`;
    return ((await this.#json(path)) as { attempts: AttemptView[] }).attempts;
  }

  async pool(): Promise<PoolView> {
    return (await this.#json('/pool')) as PoolView;
  }

  /** Answers the state of the pool after that. */
  async switchPool(verb: 'pause' | 'resume'): Promise<{ readonly state: string }> {
    return (await this.#json(`/pool/${verb}`, { method: 'POST' })) as { state: string };
  }

  async reload(): Promise<ReloadReport> {
    return (await this.#json('/pool/reload', { method: 'POST' })) as ReloadReport;
  }

  /** Has the server give the free space of its database back to the disk: for gigabytes that takes minutes. */
  async vacuum(): Promise<Shrunk> {
    const answer = await this.#json('/db/vacuum', { method: 'POST' }, patientFetch);
    const { given_back_bytes, file_bytes, shrinks } = answer as {
      readonly given_back_bytes: number;
      readonly file_bytes: number;
      readonly shrinks: boolean;
    };
    return { bytes: given_back_bytes, fileBytes: file_bytes, shrinks };
  }

  async tokens(): Promise<readonly TokenView[]> {
    return ((await this.#json('/tokens')) as { tokens: TokenView[] }).tokens;
  }

  /** What is answered is the only place where the token itself stands. */
  async createToken(wanted: object): Promise<CreatedToken> {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(wanted) };
    return (await this.#json('/tokens', init)) as CreatedToken;
  }

  async revokeToken(id: string): Promise<TokenView> {
    return (await this.#json(`/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' })) as TokenView;
  }

  /** A report as text: Markdown or JSON, as the query says. */
  async report(query: Readonly<Record<string, string>>): Promise<string> {
    const response = await this.#fetch(`/report?${new URLSearchParams(query)}`);
    if (!response.ok) throw await this.#refusalOf(response);
    return this.#textOf(response);
  }

  async worker(id: string): Promise<WorkerView> {
    return (await this.#json(`/workers/${encodeURIComponent(id)}`)) as WorkerView;
  }

  async orderWorker(id: string, order: WorkerOrder): Promise<WorkerView> {
    const path = `/workers/${encodeURIComponent(id)}/${order}`;
    return (await this.#json(path, { method: 'POST' })) as WorkerView;
  }

  async workers(): Promise<readonly WorkerView[]> {
    const { workers } = (await this.#json('/workers/status')) as { workers: WorkerView[] };
    return workers;
  }

  /** What the server says of itself, ready or not. */
  async readiness(): Promise<Readiness> {
    const response = await this.#fetch('/readyz');
    const body = await this.#bodyOf(response);
    if (!isObject(body) || typeof body['ready'] !== 'boolean') throw this.#notKoubou();
    return body as unknown as Readiness;
  }

  /** What happens to a task, from behind `lastEventId` on, until the stream ends or breaks. */
  async *events(id: string, lastEventId: string | null, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (lastEventId !== null) headers['last-event-id'] = lastEventId;
    const init: RequestInit = { headers, ...(signal === undefined ? {} : { signal }) };
    const response = await this.#fetch(`/task/${encodeURIComponent(id)}/events`, init);
    if (!response.ok) throw await this.#refusalOf(response);
    if (response.body === null) throw this.#notKoubou();
    try {
      yield* readServerEvents(response.body);
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  async #json(path: string, init: RequestInit = {}, by: typeof fetch = fetch): Promise<unknown> {
    const response = await this.#fetch(path, init, by);
    if (!response.ok) throw await this.#refusalOf(response);
    return this.#bodyOf(response);
  }

  async #fetch(path: string, init: RequestInit = {}, by: typeof fetch = fetch): Promise<Response> {
    const { url, token } = this.#address;
    const headers = new Headers(init.headers);
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    try {
      return await by(`${url}${path}`, { ...init, headers, redirect: 'manual' });
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  async #bodyOf(response: Response): Promise<unknown> {
    const text = await this.#textOf(response);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new CliError(this.#messages.talk.notKoubou(this.url), exitCodes.failed, { cause: error });
    }
  }

  async #textOf(response: Response): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  async #refusalOf(response: Response): Promise<CliError> {
    const body = await this.#bodyOf(response);
    const error = isObject(body) ? body['error'] : undefined;
    if (!isObject(error)) return this.#notKoubou();
    const code = String(error['code']);
    const message = String(error['message']);
    const said = code === 'UNAUTHORIZED' ? `${message}; ${this.#messages.talk.tokenAdvice}` : message;
    return new Refusal(response.status, code, said);
  }

  #unreachable(error: unknown): Unreachable {
    const reason = reasonOf(error);
    const { talk } = this.#messages;
    const message =
      reason === 'ECONNREFUSED' ? talk.notRunning(this.url) : talk.connectionBroke(this.url, reason);
    return new Unreachable(message, reason, { cause: error });
  }

  #notKoubou(): CliError {
    return new CliError(this.#messages.talk.notKoubou(this.url));
  }
}

/** `fetch` hides the reason (`ECONNREFUSED`) in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause ?? error;
  if (!(cause instanceof Error)) return error.message;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
