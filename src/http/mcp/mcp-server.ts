import { McpServer } from '@modelcontextprotocol/server';
import { version } from '../../version.ts';
import { delegateTools } from './delegate-tools.ts';
import type { McpPorts } from './mcp-ports.ts';
import { mcpPrompts } from './mcp-prompts.ts';
import { mcpResources } from './mcp-resources.ts';
import { poolTools } from './pool-tools.ts';
import { installTaskExtension } from './task-extension.ts';
import { watchTools } from './watch-tools.ts';

const instructions = `Koubou is a pool of AI workers. Delegate work that can be said in one message and judged by its result, several pieces at once, and go on with your own: koubou_delegate_task, koubou_delegate_many, then koubou_wait_task. Every task is on disk before it is acknowledged. The prompt "delegate" tells what pays and what does not.`;

/** A server of MCP: one to a request over HTTP, or one to a connection. It holds nothing but what the ports hold. */
export function koubouMcpServer(ports: McpPorts): McpServer {
  const server = new McpServer(
    { name: 'koubou', title: 'Koubou', version },
    // What there is does not change while the server runs.
    {
      instructions,
      capabilities: {
        tools: { listChanged: false },
        resources: { listChanged: false },
        prompts: { listChanged: false },
      },
    },
  );
  delegateTools(server, ports);
  watchTools(server, ports);
  poolTools(server, ports);
  mcpResources(server, ports);
  mcpPrompts(server, ports);
  installTaskExtension(server, ports);
  return server;
}
