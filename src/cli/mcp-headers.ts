import type { JSONRPCMessage } from '@modelcontextprotocol/server';

/** Where the newer revisions keep the version that a message speaks. */
const versionKey = 'io.modelcontextprotocol/protocolVersion';

/** What the header `Mcp-Name` repeats of a request, by its method. */
const nameFields: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/**
 * The headers that the revision of 2026 wants over HTTP: they repeat what the message says. `undefined` for a message of an
 * earlier revision, which says no version of its own. Headers for single arguments (`Mcp-Param-…`) are left out: no tool of
 * ours asks for any.
 */
export function headersOf(message: JSONRPCMessage): Readonly<Record<string, string>> | undefined {
  if (!('method' in message)) return undefined;
  const { method, params = {} } = message;
  const version = (params['_meta'] as Readonly<Record<string, unknown>> | undefined)?.[versionKey];
  if (typeof version !== 'string') return undefined;
  const name = params[nameFields[method] ?? ''];
  return {
    'mcp-protocol-version': asHeader(version),
    'mcp-method': asHeader(method),
    ...(typeof name === 'string' ? { 'mcp-name': asHeader(name) } : {}),
  };
}

/** What a header cannot carry as it is, is sent as the specification has it: `=?base64?…?=`. */
function asHeader(value: string): string {
  const isPlain = /^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/.test(value) && !value.startsWith('=?base64?');
  return isPlain ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`;
}
