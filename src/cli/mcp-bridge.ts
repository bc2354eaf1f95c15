import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/server';
import { patientFetch } from '../actors/patient-fetch.ts';
import { KoubouError } from '../machines/errors.ts';
import { CliError } from './cli.ts';
import { headersOf } from './mcp-headers.ts';
import type { Messages } from './messages.ts';
import type { ServerAddress } from './server-address.ts';
import { readServerEvents } from './sse-reader.ts';

/** JSON-RPC leaves these numbers to the implementation; the SDKs take this one for a connection that is closed. */
const unreachableCode = -32_000;

type Outgoing =
  | JSONRPCMessage
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly error: RpcError };

interface RpcError {
  readonly code: number;
  readonly message: string;
}

export interface BridgePorts {
  /** Asked for each message: a server that was started anew may be elsewhere. @throws KoubouError, CliError */
  readonly find: () => ServerAddress;
  readonly send: (message: Outgoing) => void;
  /** A line for the operator. */
  readonly say: (text: string) => void;
  readonly messages: Messages;
}

/**
 * Hands each message of a client on to the server's `/mcp`, and the answers back, as they are; in both eras of the protocol.
 * It keeps nothing that a server could have forgotten, so that one may be stopped and started between any two messages. A
 * request that cannot be handed on is answered with an error.
 */
export class McpBridge {
  readonly #ports: BridgePorts;
  /** The requests that were not answered yet, each with what ends it. */
  readonly #open = new Map<RequestId, AbortController>();
  /** Of a client of the era with `initialize`: what the server gave it, to be sent along from then on. */
  #session: Readonly<Record<string, string>> = {};
  /** What is wrong, as the operator was told; once, however often it is asked. */
  #trouble = '';

  constructor(ports: BridgePorts) {
    this.#ports = ports;
  }

  /** Never throws: what goes wrong is answered. */
  async accept(message: JSONRPCMessage): Promise<void> {
    if ('method' in message && message.method === 'notifications/cancelled') this.#cancel(message.params);
    const request = 'method' in message && 'id' in message ? message : undefined;
    const ending = new AbortController();
    if (request !== undefined) this.#open.set(request.id, ending);
    let url = '';
    try {
      const address = this.#ports.find();
      url = address.url;
      await this.#handOn(address, message, request, ending.signal);
      if (request !== undefined && this.#open.get(request.id) === ending)
        throw new CliError(this.#ports.messages.mcp.unanswered(url));
    } catch (error) {
      if (!ending.signal.aborted) this.#explain(this.#told(error, url), request);
    } finally {
      if (request !== undefined && this.#open.get(request.id) === ending) this.#open.delete(request.id);
    }
  }

  /** Ends all that is under way; nothing more is sent. */
  close(): void {
    for (const ending of this.#open.values()) ending.abort();
    this.#open.clear();
  }

  /** Over HTTP a request of the newer era is cancelled by closing it, and one of the older has nobody to answer. */
  #cancel(params: Readonly<Record<string, unknown>> | undefined): void {
    const id = params?.['requestId'] as RequestId;
    this.#open.get(id)?.abort();
    this.#open.delete(id);
  }

  async #handOn(
    address: ServerAddress,
    message: JSONRPCMessage,
    request: JSONRPCRequest | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const isFirst = request?.method === 'initialize';
    if (isFirst) this.#session = {};
    const response = await this.#post(address, message, signal);
    const type = response.headers.get('content-type') ?? '';
    if (isFirst) this.#keep({ 'mcp-session-id': response.headers.get('mcp-session-id') });
    if (type.startsWith('text/event-stream') && response.body !== null) {
      this.#well(address);
      for await (const { data } of readServerEvents(response.body)) {
        // Streams that can be taken up again begin with an event that carries only its id.
        if (data !== '') this.#passBack(JSON.parse(data), request);
      }
      return;
    }
    const text = await response.text();
    if (request !== undefined || !response.ok)
      this.#passBack(this.#read(text, response.status, address), request);
    this.#well(address);
  }

  #post({ url, token }: ServerAddress, message: JSONRPCMessage, signal: AbortSignal): Promise<Response> {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(headersOf(message) ?? this.#session),
    };
    const body = JSON.stringify(message);
    // A tool may wait for minutes without a word; its client, not this connection, says when that was too long.
    return patientFetch(`${url}/mcp`, { method: 'POST', headers, body, signal });
  }

  /** @throws CliError for what is not of MCP: the server refuses all who present no token in words of its own */
  #read(text: string, status: number, { url }: ServerAddress): object {
    const { talk, mcp } = this.#ports.messages;
    const body = objectIn(text);
    if (body !== undefined && (Array.isArray(body) || 'jsonrpc' in body)) return body;
    const { error } = (body ?? {}) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.message !== 'string') throw new CliError(mcp.noAnswer(url, status));
    const advice = status === 401 ? `; ${talk.tokenAdvice}` : '';
    throw new CliError(`${error.message}${advice}`);
  }

  #passBack(answer: unknown, request: JSONRPCRequest | undefined): void {
    for (const one of Array.isArray(answer) ? answer : [answer]) this.#passOneBack(one, request);
  }

  #passOneBack(answer: Outgoing, request: JSONRPCRequest | undefined): void {
    if ('method' in answer) {
      this.#ports.send(answer);
      return;
    }
    // What is wrong with a whole request may be told without its id.
    const id = answer.id ?? request?.id;
    if (id === undefined || !this.#open.delete(id)) return;
    if (request?.method === 'initialize' && 'result' in answer) {
      const { protocolVersion } = answer.result;
      this.#keep({ 'mcp-protocol-version': typeof protocolVersion === 'string' ? protocolVersion : null });
    }
    this.#ports.send({ ...answer, id });
  }

  #keep(headers: Readonly<Record<string, string | null>>): void {
    const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null);
    this.#session = { ...this.#session, ...Object.fromEntries(given) };
  }

  #explain(message: string, request: JSONRPCRequest | undefined): void {
    if (message !== this.#trouble) this.#ports.say(message);
    this.#trouble = message;
    if (request === undefined || !this.#open.delete(request.id)) return;
    this.#ports.send({ jsonrpc: '2.0', id: request.id, error: { code: unreachableCode, message } });
  }

  #told(error: unknown, url: string): string {
    if (!(error instanceof Error)) return String(error);
    if (!('code' in error) || error instanceof KoubouError) return error.message;
    const { talk } = this.#ports.messages;
    const reason = String(error.code);
    return reason === 'ECONNREFUSED' ? talk.notRunning(url) : talk.connectionBroke(url, reason);
  }

  #well({ url }: ServerAddress): void {
    if (this.#trouble !== '') this.#ports.say(this.#ports.messages.mcp.back(url));
    this.#trouble = '';
  }
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
