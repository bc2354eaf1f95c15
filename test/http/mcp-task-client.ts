import type { McpWorld } from '../support/mcp-client.ts';

export const tasksExtension = 'io.modelcontextprotocol/tasks';
const revision = '2026-07-28';

interface Answered {
  readonly status: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** A request of the stateless era, written by hand: the official client knows no tasks. */
export function requestOf(method: string, params: Record<string, unknown>, declares = true) {
  const capabilities = declares ? { extensions: { [tasksExtension]: {} } } : {};
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  const name = params['name'] ?? params['taskId'];
  const headers: Record<string, string> = { 'mcp-protocol-version': revision, 'mcp-method': method };
  if (typeof name === 'string') headers['mcp-name'] = name;
  return { body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params: { ...params, _meta } }), headers };
}

/** Asks as a client that declares the extension, or as one that does not. */
export function taskClient({ send }: Pick<McpWorld, 'send'>, declares = true) {
  const ask = async (method: string, params: Record<string, unknown>): Promise<Answered> => {
    const { body, headers } = requestOf(method, params, declares);
    const { status, text } = await send(body, headers);
    return { status, ...JSON.parse(text) };
  };
  const delegate = (args: Record<string, unknown>) =>
    ask('tools/call', { name: 'koubou_delegate_task', arguments: args });
  return { ask, delegate };
}
