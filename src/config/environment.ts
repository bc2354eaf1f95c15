/** The variables that outrank the files. Nobody else reads the environment. */

import { z } from 'zod';
import type { Environment } from './expansion.ts';
import { bindHost, durability, logLevel, nonEmptyText, port } from './fields.ts';
import { type ConfigProblem, describeFound } from './problem.ts';
import { expectation, jsonSchemaOf } from './schema-outline.ts';

const portText = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(port('0 takes any free port.'));

/** Sent in a header, hence no spaces and no other alphabets. */
const token = z.string().regex(/^[\x21-\x7e]+$/);

const variableSchemas = {
  KOUBOU_HOME: nonEmptyText('Where database, logs and results live.'),
  KOUBOU_CONFIG: nonEmptyText('The folder of the configuration.'),
  KOUBOU_HOST: bindHost,
  KOUBOU_MCP_PORT: portText,
  KOUBOU_WEBSOCKET_PORT: portText,
  KOUBOU_GRAPHQL_PORT: portText,
  KOUBOU_LOGS_PORT: portText,
  KOUBOU_DASHBOARD_PORT: portText,
  KOUBOU_API_TOKEN: token,
  WORKER_AUTH_TOKEN: token,
  KOUBOU_DURABILITY: durability,
  KOUBOU_LOG_LEVEL: z.string().toLowerCase().pipe(logLevel),
  KOUBOU_MCP_CONFORMANCE: z
    .enum(['0', '1'])
    .describe('1 adds to /mcp what the conformance suite of MCP asks for.'),
};

const environmentSchema = z.object(variableSchemas).partial();

export type VariableName = keyof typeof variableSchemas;
export type Variables = z.output<typeof environmentSchema>;

/** Variables that are set to nothing count as not set, as in shells. Those that are wrong are left out and reported. */
export function readEnvironment(environment: Environment): {
  readonly variables: Variables;
  readonly problems: readonly ConfigProblem[];
} {
  const set = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  const parsed = environmentSchema.safeParse(Object.fromEntries(set));
  if (parsed.success) return { variables: parsed.data, problems: [] };
  const wrong = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
  const right = set.filter(([name]) => !wrong.has(name));
  return {
    variables: environmentSchema.parse(Object.fromEntries(right)),
    problems: [...wrong].map((name) => refusedVariable(name as VariableName, environment[name])),
  };
}

/** A problem with what a variable says, in the shape of a problem in a file. */
export function variableProblem(
  name: VariableName,
  fault: Pick<ConfigProblem, 'fault' | 'expected' | 'found' | 'hint'>,
): ConfigProblem {
  return { file: 'environment', line: null, column: null, path: name, ...fault };
}

function refusedVariable(name: VariableName, value: string | undefined): ConfigProblem {
  if (name === 'KOUBOU_API_TOKEN' || name === 'WORKER_AUTH_TOKEN') {
    const expected = 'a token of printable ASCII characters without spaces';
    // Never the value: problems are logged and shown.
    const found = 'something else';
    return variableProblem(name, { fault: `expected ${expected}`, expected, found, hint: null });
  }
  const schema = jsonSchemaOf(variableSchemas[name], 'out');
  const expected = expectation(schema);
  const found = describeFound(value);
  const fault = `expected ${expected}, found ${found}`;
  return variableProblem(name, { fault, expected, found, hint: schema.description ?? null });
}
