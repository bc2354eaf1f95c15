import type { Caller, Scope } from '../../machines/scopes.ts';
import { assertScope } from '../access-caller.ts';

/** What a door puts into the context of each operation. */
export interface CallerContext {
  readonly caller?: Caller;
}

/** Of the fields that take something else than others beside them. A single task is known to who handed it in. */
const special: Readonly<Record<string, readonly Scope[]>> = {
  health: ['submit', 'read'],
  task: ['submit', 'read'],
  submitTask: ['submit'],
  cancelTask: ['submit'],
  retryTask: ['submit'],
  updateTaskPriority: ['submit'],
};

type Resolve = (
  source: unknown,
  args: Record<string, unknown>,
  context: CallerContext,
  ...rest: unknown[]
) => unknown;

/**
 * Fields at the top of operations, each asked for only by who may. A field that nobody has thought of here takes `usual`.
 */
export function guarded(fields: object, usual: Scope): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      if (typeof field === 'function') return [name, guard(name, usual, field as Resolve)];
      const { subscribe, ...others } = field as { readonly subscribe: Resolve };
      return [name, { ...others, subscribe: guard(name, usual, subscribe) }];
    }),
  );
}

function guard(name: string, usual: Scope, resolve: Resolve): Resolve {
  return (source, args, context, ...rest) => {
    // Followed by its id, a task is a single one.
    const isOneTask = name === 'taskUpdated' && typeof args['id'] === 'string';
    assertScope(
      context.caller ?? nobody,
      ...(isOneTask ? (special['task'] ?? []) : (special[name] ?? [usual])),
    );
    return resolve(source, args, context, ...rest);
  };
}

const nobody: Caller = { name: 'nobody', tokenId: null, scopes: [] };
