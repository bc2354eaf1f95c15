import type { Caller, Scope } from '../../machines/scopes.ts';
import { assertScope } from '../access-caller.ts';
import type { McpRuntime } from './mcp-ports.ts';

/**
 * The runtime as one caller may use it: handing in and cancelling takes `submit`, looking around `read`. A single task, whose
 * id cannot be guessed, is for whoever knows it; and how well the pool does what is for all.
 *
 * @returns what throws KoubouError `auth.forbidden` where the caller lacks the scope
 */
export function runtimeFor(runtime: McpRuntime, caller: Caller): McpRuntime {
  const as =
    <A extends unknown[], R>(scope: Scope, act: (...asked: A) => R) =>
    (...asked: A): R => {
      assertScope(caller, scope);
      return act(...asked);
    };
  const asOne =
    <A extends unknown[], R>(act: (...asked: A) => R) =>
    (...asked: A): R => {
      assertScope(caller, 'submit', 'read');
      return act(...asked);
    };
  return {
    get config() {
      return runtime.config;
    },
    delegate: as('submit', (...asked) => runtime.delegate(...asked)),
    cancel: as('submit', (...asked) => runtime.cancel(...asked)),
    retry: as('submit', (...asked) => runtime.retry(...asked)),
    task: asOne((...asked) => runtime.task(...asked)),
    attempts: asOne((...asked) => runtime.attempts(...asked)),
    prediction: asOne((...asked) => runtime.prediction(...asked)),
    wait: asOne((...asked) => runtime.wait(...asked)),
    follow: asOne((...asked) => runtime.follow(...asked)),
    list: (query, signal) => {
      if (query.kind === 'successRates') assertScope(caller, 'submit', 'read');
      else assertScope(caller, 'read');
      return runtime.list(query, signal);
    },
    workers: as('read', () => runtime.workers()),
    worker: as('read', (id: string) => runtime.worker(id)),
    poolView: as('read', () => runtime.poolView()),
    readiness: as('read', () => runtime.readiness()),
  };
}
