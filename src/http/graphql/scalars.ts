import { GraphQLError, GraphQLScalarType, type ValueNode, valueFromASTUntyped } from 'graphql';
import { limits } from '../../machines/limits.ts';

/** Anything that JSON can say, as deep as bodies may be. */
export const jsonScalar = new GraphQLScalarType({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: shallow,
  parseLiteral: (node: ValueNode, variables) =>
    // Through text, since literals come as objects without a prototype.
    JSON.parse(JSON.stringify(shallow(valueFromASTUntyped(node, variables)) ?? null)),
});

export const dateTimeScalar = new GraphQLScalarType({
  name: 'DateTime',
  serialize: (value) => value,
});

/** Level by level, not by recursion: the depth of what comes from outside is not ours to trust. */
function shallow(value: unknown): unknown {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.jsonDepthMax) {
      throw new GraphQLError(`JSON is nested deeper than ${limits.jsonDepthMax} levels`);
    }
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return value;
}
