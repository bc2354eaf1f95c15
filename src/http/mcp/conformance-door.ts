import {
  type CreateMcpHandlerOptions,
  createMcpHandler,
  isLegacyRequest,
  type McpServer,
} from '@modelcontextprotocol/server';
import { contentPrompts, contentResources, contentTools } from './conformance-content.ts';
import { eventTools } from './conformance-events.ts';
import { questionTools } from './conformance-questions.ts';
import { roundGuards, roundTools } from './conformance-rounds.ts';
import { ConformanceSessions } from './conformance-sessions.ts';
import { taskTools } from './conformance-tasks.ts';
import type { McpDoor } from './task-extension-listen.ts';

/**
 * `/mcp` with what the official conformance suite asks for, beside our own tools: it calls tools, reads resources and gets
 * prompts by names of its own (`test_…`). Only under `KOUBOU_MCP_CONFORMANCE=1`.
 */
export function conformanceDoor(serverOf: () => McpServer, options: CreateMcpHandlerOptions = {}): McpDoor {
  const withFixtures = () => {
    const server = serverOf();
    server.server.registerCapabilities({
      logging: {},
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
    });
    contentTools(server);
    contentResources(server);
    contentPrompts(server);
    eventTools(server, handler.notify);
    questionTools(server);
    roundTools(server);
    roundGuards(server);
    taskTools(server);
    server.server.setRequestHandler('resources/subscribe', () => ({}));
    server.server.setRequestHandler('resources/unsubscribe', () => ({}));
    return server;
  };
  const handler = createMcpHandler(withFixtures, { ...options, legacy: 'reject' });
  const sessions = new ConformanceSessions(withFixtures);
  return {
    fetch: async (request, given) =>
      (await isLegacyRequest(request, given?.parsedBody))
        ? sessions.fetch(request, given)
        : handler.fetch(request, given),
    close: async () => {
      await Promise.all([handler.close(), sessions.close()]);
    },
  };
}
