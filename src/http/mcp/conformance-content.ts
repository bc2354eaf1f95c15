import {
  type CallToolResult,
  completable,
  fromJsonSchema,
  type McpServer,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { resourceTemplate } from './resource-names.ts';

/** A picture of one red point, and a sound of one sample. */
const picture =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC';
const sound = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==';

const image = { type: 'image', data: picture, mimeType: 'image/png' } as const;

export function text(words: string): CallToolResult {
  return { content: [{ type: 'text', text: words }] };
}

/** What the conformance suite reads and calls without more ado: tools that answer with fixed content. */
export function contentTools(server: McpServer): void {
  const fixed: Readonly<Record<string, CallToolResult>> = {
    test_simple_text: text('This is a simple text response for testing.'),
    test_image_content: { content: [image] },
    test_audio_content: { content: [{ type: 'audio', data: sound, mimeType: 'audio/wav' }] },
    test_embedded_resource: {
      content: [
        {
          type: 'resource',
          resource: {
            uri: 'test://embedded-resource',
            mimeType: 'text/plain',
            text: 'This is an embedded resource content.',
          },
        },
      ],
    },
    test_multiple_content_types: {
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        image,
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: '{"test":"data","value":123}',
          },
        },
      ],
    },
  };
  for (const [name, result] of Object.entries(fixed))
    server.registerTool(name, { description: 'Answers with fixed content.' }, () => result);
  server.registerTool('test_error_handling', { description: 'Fails.' }, () => ({
    ...text('This tool intentionally returns an error for testing'),
    isError: true,
  }));
  schemaTools(server);
}

function schemaTools(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Takes what the newer vocabulary describes.', inputSchema: newerSchema },
    () => text('It fits.'),
  );
  const region = z.string().optional().meta({ 'x-mcp-header': 'Region' });
  server.registerTool(
    'test_custom_headers',
    { description: 'Has an argument that is also a header.', inputSchema: z.object({ region }) },
    ({ region: named = 'none' }) => text(`region: ${named}`),
  );
}

const newerSchema = fromJsonSchema({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
});

export function contentResources(server: McpServer): void {
  const plain = { mimeType: 'text/plain' };
  const resources: Readonly<Record<string, { mimeType: string } & ({ text: string } | { blob: string })>> = {
    'static-text': { ...plain, text: 'This is the content of the static text resource.' },
    'static-binary': { mimeType: 'image/png', blob: picture },
    'watched-resource': { ...plain, text: 'Watched resource content' },
  };
  for (const [name, contents] of Object.entries(resources)) {
    const uri = `test://${name}`;
    server.registerResource(name, uri, { mimeType: contents.mimeType }, () => ({
      contents: [{ uri, ...contents }],
    }));
  }
  server.registerResource(
    'template',
    resourceTemplate('test://template/{id}/data', { list: undefined }),
    { mimeType: 'application/json' },
    ({ href }, { id }) => ({
      contents: [
        {
          uri: href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
        },
      ],
    }),
  );
}

export function contentPrompts(server: McpServer): void {
  const says = (words: string) => ({ role: 'user', content: { type: 'text', text: words } }) as const;
  server.registerPrompt('test_simple_prompt', { description: 'Fixed.' }, () => ({
    messages: [says('This is a simple prompt for testing.')],
  }));
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'Repeats its arguments.',
      argsSchema: z.object({
        arg1: completable(z.string(), () => ['paris', 'park', 'party']),
        arg2: z.string(),
      }),
    },
    ({ arg1, arg2 }) => ({ messages: [says(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'Carries a resource.', argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri: uri }) => {
      const resource = { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' };
      return {
        messages: [
          { role: 'user', content: { type: 'resource', resource } },
          says('Please process the embedded resource above.'),
        ],
      };
    },
  );
  server.registerPrompt('test_prompt_with_image', { description: 'Carries a picture.' }, () => ({
    messages: [{ role: 'user', content: image }, says('Please analyze the image above.')],
  }));
}
