import type { Clock } from '../../actors/clock.ts';
import type { Runtime } from '../../runtime.ts';
import type { AppLog } from '../door-app.ts';
import type { LogEntry } from '../logs/log-entry.ts';
import type { DelegationSchemas } from '../task-schemas.ts';

/** The part of the runtime that clients of MCP are served with. */
export type McpRuntime = Pick<
  Runtime,
  | 'config'
  | 'delegate'
  | 'task'
  | 'attempts'
  | 'prediction'
  | 'wait'
  | 'follow'
  | 'cancel'
  | 'retry'
  | 'list'
  | 'workers'
  | 'worker'
  | 'poolView'
  | 'readiness'
>;

/** What the tools, the resources and the prompt need. They know nothing of HTTP. */
export interface McpPorts {
  readonly runtime: McpRuntime;
  readonly log: AppLog;
  /** How a delegation is checked: as REST does, by the configuration in force. */
  readonly schemas: () => DelegationSchemas;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'setTimeout' | 'clearTimeout'>;
  /** The last lines of a worker's log, the newest last; `undefined` when it has none. */
  readonly workerLog: (workerId: string) => Promise<readonly LogEntry[] | undefined>;
}
