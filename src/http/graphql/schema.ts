import type { GraphQLSchema } from 'graphql';
import { createSchema } from 'graphql-yoga';
import type { Runtime } from '../../runtime.ts';
import { madeOfConfig } from '../config-in-force.ts';
import { delegationSchemas } from '../task-schemas.ts';
import { guarded } from './field-scopes.ts';
import { queries } from './queries.ts';
import { dateTimeScalar, jsonScalar } from './scalars.ts';
import type { Subscriptions } from './subscriptions.ts';
import { taskFields } from './task-fields.ts';
import { taskMutations } from './task-mutations.ts';
import { taskTypeValues, typeDefinitions } from './type-definitions.ts';
import { workerMutations } from './worker-mutations.ts';

/** The schema of the configuration in force: its task types are an enum. */
export function graphqlSchema(runtime: Runtime, subscriptions: Subscriptions): () => GraphQLSchema {
  const schemas = madeOfConfig(runtime, ({ taskTypes }) => delegationSchemas(taskTypes));
  const resolvers = {
    DateTime: dateTimeScalar,
    JSON: jsonScalar,
    TaskStatus: lowerCase('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELLED'),
    WorkerStatus: lowerCase('IDLE', 'BUSY', 'OFFLINE'),
    Task: taskFields(runtime),
    Query: guarded(queries(runtime), 'read'),
    Mutation: guarded({ ...taskMutations(runtime, schemas), ...workerMutations(runtime) }, 'admin'),
    Subscription: guarded(subscriptions.resolvers(), 'read'),
  };
  return madeOfConfig(runtime, ({ taskTypes }) =>
    createSchema({
      typeDefs: typeDefinitions(taskTypes),
      resolvers: { ...resolvers, TaskType: taskTypeValues(taskTypes) },
    }),
  );
}

/** Names as GraphQL writes them, with the values behind them. */
function lowerCase(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name.toLowerCase()]));
}
