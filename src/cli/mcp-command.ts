import type { Command } from 'commander';
import { type Act, type Cli, exitCodes } from './cli.ts';
import { addCommand } from './command-options.ts';
import { McpBridge } from './mcp-bridge.ts';
import { findServer } from './server-address.ts';

interface McpOptions {
  readonly server?: string;
}

/** `koubou mcp` */
export function registerMcp(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.mcp;
  addCommand(program, cli, {
    usage: 'mcp',
    description: help.mcp,
    examples: ['koubou mcp', 'koubou mcp --server http://workshop:8765'],
  })
    .option('--server <url>', help.server)
    .action(act((options: McpOptions) => bridge(cli, options)));
}

/** Until stdin ends. Nothing but messages of the protocol goes to stdout. */
async function bridge(cli: Cli, { server }: McpOptions): Promise<number> {
  const env = server === undefined ? cli.env : { ...cli.env, KOUBOU_URL: server };
  const find = () => findServer({ ...cli, env });
  // A URL that is none will not become one.
  if (server !== undefined) find();
  const { StdioServerTransport } = await import('@modelcontextprotocol/server/stdio');
  const stdio = new StdioServerTransport();
  const { messages, terminal } = cli;
  const say = (text: string) => terminal.say(text);
  const mcp = new McpBridge({
    find,
    // Whoever does not read any more is gone, and stdin ends too.
    send: (message) => void stdio.send(message as Parameters<typeof stdio.send>[0]).catch(() => undefined),
    say,
    messages,
  });
  const closed = new Promise<void>((resolve) => {
    stdio.onclose = resolve;
  });
  stdio.onerror = ({ message }) => say(messages.mcp.unreadable(message));
  stdio.onmessage = (message) => void mcp.accept(message);
  await stdio.start();
  await closed;
  mcp.close();
  return exitCodes.done;
}
