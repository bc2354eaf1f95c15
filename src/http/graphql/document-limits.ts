import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** Bounds of one GraphQL request, each with its reason. */
export const documentLimits = {
  /** Our own schema is four levels deep; tools that generate queries need some more. */
  depthMax: 10,
  /** The standard introspection query of tools is 15 deep. */
  introspectionDepthMax: 20,
  /** The same field under many names multiplies work that costs little to ask for. */
  aliasesMax: 50,
  /** A long handwritten query has some 300; the introspection query has some 600. */
  tokensMax: 2_000,
  /** Fields that may be answered, lists multiplied by their limit: a page of 1,000 tasks with all plain fields. */
  costMax: 20_000,
  /** Prompts of GraphQL clients and their options. Longer ones come in by REST. */
  bodyBytesMax: 1_048_576,
} as const;

/** What one answer of a field costs besides its own fields: reads of the database, mostly. */
const fieldCosts: Readonly<Record<string, number>> = {
  systemStatus: 20,
  taskStatistics: 20,
  tasks: 20,
  pendingTasks: 20,
  task: 5,
  events: 10,
  attempts: 10,
  prediction: 5,
};

/** So many entries are reckoned with in lists that take no limit. */
const listLengths: Readonly<Record<string, number>> = {
  workers: 50,
  activeWorkers: 50,
  events: 20,
  attempts: 5,
};
const limited = new Set(['tasks', 'pendingTasks']);
const limitDefault = 10;

interface Measure {
  readonly depth: number;
  readonly aliases: number;
  readonly cost: number;
}

const nothing: Measure = { depth: 0, aliases: 0, cost: 0 };

/**
 * Refuses a document that asks for too much, before anything of it is done. Fragments are measured once each, so that
 * fragments that spread others by the dozen take no time.
 *
 * @param variables as sent; a limit that is not known counts as the default
 * @throws GraphQLError with the bound that was passed
 */
export function assertModest(
  document: DocumentNode,
  operationName: string | null,
  variables: Readonly<Record<string, unknown>>,
): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  for (const operation of operations) {
    if (operationName !== null && operation.name?.value !== operationName) continue;
    const ruler = new Ruler(fragments, { ...defaultsOf(operation), ...variables });
    const introspects = operation.selectionSet.selections.every(
      (selection) => selection.kind === Kind.FIELD && selection.name.value.startsWith('__'),
    );
    const depthMax = introspects ? documentLimits.introspectionDepthMax : documentLimits.depthMax;
    const { depth, aliases, cost } = ruler.measure(operation.selectionSet);
    if (depth > depthMax) throw tooMuch(`is nested ${depth} levels deep`, `${depthMax}`);
    if (aliases > documentLimits.aliasesMax) {
      throw tooMuch(`uses ${aliases} aliases`, `${documentLimits.aliasesMax}`);
    }
    if (cost > documentLimits.costMax) {
      throw tooMuch(`costs ${cost} (fields, lists multiplied by their limit)`, `${documentLimits.costMax}`);
    }
  }
}

function tooMuch(what: string, max: string): GraphQLError {
  return new GraphQLError(`the query ${what}; at most ${max} are allowed`, {
    extensions: { code: 'INVALID_REQUEST' },
  });
}

function defaultsOf(operation: OperationDefinitionNode): Record<string, unknown> {
  const defaults: Record<string, unknown> = {};
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    if (defaultValue?.kind === Kind.INT) defaults[variable.name.value] = Number(defaultValue.value);
  }
  return defaults;
}

class Ruler {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #variables: Readonly<Record<string, unknown>>;
  /** One that is being measured counts as nothing: that it spreads itself is told by validation. */
  readonly #measured = new Map<string, Measure>();

  constructor(
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    variables: Readonly<Record<string, unknown>>,
  ) {
    this.#fragments = fragments;
    this.#variables = variables;
  }

  measure(set: SelectionSetNode | undefined): Measure {
    let { depth, aliases, cost } = nothing;
    for (const selection of set?.selections ?? []) {
      const part =
        selection.kind === Kind.FIELD
          ? this.#field(selection)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? this.measure(selection.selectionSet)
            : this.#fragment(selection.name.value);
      depth = Math.max(depth, part.depth);
      aliases += part.aliases;
      cost += part.cost;
    }
    return { depth, aliases, cost };
  }

  #field(field: FieldNode): Measure {
    const below = this.measure(field.selectionSet);
    const name = field.name.value;
    return {
      depth: below.depth + 1,
      aliases: below.aliases + (field.alias === undefined ? 0 : 1),
      cost: 1 + (fieldCosts[name] ?? 0) + this.#length(field) * below.cost,
    };
  }

  /** How many entries a field may answer with. */
  #length(field: FieldNode): number {
    const name = field.name.value;
    if (!limited.has(name)) return listLengths[name] ?? 1;
    const limit = field.arguments?.find((argument) => argument.name.value === 'limit')?.value;
    if (limit?.kind === Kind.INT) return Math.max(0, Number(limit.value));
    const sent = limit?.kind === Kind.VARIABLE ? this.#variables[limit.name.value] : undefined;
    return typeof sent === 'number' ? Math.max(0, sent) : limitDefault;
  }

  #fragment(name: string): Measure {
    const known = this.#measured.get(name);
    if (known !== undefined) return known;
    this.#measured.set(name, nothing);
    const measured = this.measure(this.#fragments.get(name)?.selectionSet);
    this.#measured.set(name, measured);
    return measured;
  }
}
