/** The whole configuration as the rest of the program sees it: frozen, complete, durations in ms. */

import type { BreakerPolicy, HostConfig, RoutingPolicy, WorkerConfig } from '../machines/routing-policy.ts';
import type { TaskSizeCondition } from './task-size-condition.ts';

export interface Config {
  /** Absolute path of the folder for database, logs and results. */
  readonly home: string;
  /** Absolute path of the folder that the files were read from. */
  readonly configDir: string;
  /** Address that all listeners bind; loopback unless clients are asked for a token. */
  readonly host: string;
  readonly ports: PortSettings;
  /** What an API client must present; `null` asks for nothing. */
  readonly apiToken: string | null;
  /** What a worker that joins must present; `null` lets none join. */
  readonly workerAuthToken: string | null;
  /** Whether `/mcp` also serves what the conformance suite of MCP asks for; never in production. */
  readonly mcpConformance: boolean;
  readonly storage: { readonly durability: 'full' | 'normal' };
  readonly server: ServerSettings;
  readonly pool: PoolSettings;
  readonly logging: LoggingSettings;
  readonly retention: RetentionSettings;
  /** Types that a task may have: built in, configured, and those with a recommended model. */
  readonly taskTypes: readonly string[];
  /** Local workers first, each list in the order of the file. */
  readonly workers: readonly WorkerConfig[];
  /** Names under which workers on other machines join; others may join as well, but rules cannot name them. */
  readonly joinedNames: readonly string[];
  /** Limits of machines, each machine once. One without an entry has none. */
  readonly hosts: readonly HostConfig[];
  readonly routing: RoutingPolicy;
  readonly breaker: BreakerPolicy;
  /** Absolute paths of the folders from which tasks may attach files; empty allows none. */
  readonly files: { readonly roots: readonly string[] };
  readonly execution: ExecutionSettings;
  readonly healthCheck: HealthCheckSettings;
  readonly performance: PerformanceSettings;
  readonly models: ModelSettings;
  /** What the files say without effect, one sentence each, for the log and for `koubou config check`. */
  readonly notices: readonly string[];
}

/** TCP ports; 0 takes any free one. */
interface PortSettings {
  readonly rest: number;
  readonly websocket: number;
  readonly graphql: number;
  readonly logs: number;
  readonly dashboard: number;
}

interface ServerSettings {
  /** How long a sync request waits before it is answered 202. */
  readonly syncWaitMs: number;
  /** How long a stop waits for running tasks; 0 releases them at once. */
  readonly drainGraceMs: number;
  /** What becomes of a task whose OpenAI or Ollama client goes away before its end. */
  readonly clientGone: 'cancel' | 'detach';
  /** Origins of pages of other sites that are let in. */
  readonly allowedOrigins: readonly string[];
  readonly rateLimit: RateLimitSettings;
}

/** Requests in one window; 0 sets no limit. */
interface RateLimitSettings {
  /** Of one address that shows no right token. */
  readonly strangerPerMinute: number;
  readonly strangerPerHour: number;
  /** With one token, from other machines. */
  readonly tokenPerMinute: number;
  /** Of all that runs on this machine. */
  readonly loopbackPerMinute: number;
}

interface PoolSettings {
  /** Waiting tasks that live as actors. */
  readonly admissionWindow: number;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** Leases at once, over all workers. */
  readonly maxActiveTasks: number;
  /** Shares of busy slots, 0 to 1; down is less than up. */
  readonly scaleUpThreshold: number;
  readonly scaleDownThreshold: number;
}

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

interface LoggingSettings {
  readonly level: LogLevel;
  /** A file is rotated at this size. */
  readonly maxSizeBytes: number;
  /** Rotated files kept of each log. */
  readonly keepFiles: number;
}

/** What is kept of what is over; 0 sets no limit. */
export interface RetentionSettings {
  readonly maxAgeDays: number;
  readonly maxEndedTasks: number;
  readonly maxEvents: number;
}

/** How long one attempt may take, by the location of its worker. */
interface ExecutionSettings {
  readonly defaultTimeoutMs: number;
  readonly remoteTimeoutMs: number;
}

interface HealthCheckSettings {
  /** Between two heartbeats. */
  readonly intervalMs: number;
  /** Without a heartbeat for this long a worker is lost; longer than `intervalMs`. */
  readonly timeoutMs: number;
  /** Failed probes in a row that lose a worker, too. */
  readonly maxFailures: number;
}

interface PerformanceSettings {
  readonly metricsIntervalMs: number;
  /** Measure the speed of workers and adjust their performance factor. */
  readonly autoAdjust: boolean;
  readonly adjustmentIntervalMs: number;
}

/** Models and the choice among them. Keys are those of `catalog`, and each one named here is in it. */
export interface ModelSettings {
  /** The model's name at the server, not its key. */
  readonly defaultModel: string;
  readonly server: {
    /** URL of the Ollama server of workers that name none. */
    readonly host: string;
    readonly timeoutMs: number;
    /** Further tries after a failed one. */
    readonly retryCount: number;
    readonly retryDelayMs: number;
  };
  readonly catalog: Readonly<Record<string, ModelEntry>>;
  /** From task type to key. */
  readonly recommendations: Readonly<Record<string, string>>;
  readonly autoSelect: { readonly enabled: boolean; readonly rules: readonly AutoSelectRule[] };
  /** Keys, in the order in which they are tried. */
  readonly fallback: { readonly enabled: boolean; readonly chain: readonly string[] };
  readonly cache: { readonly enabled: boolean; readonly ttlMs: number; readonly maxSize: number };
}

interface ModelEntry {
  /** `gpt-oss:20b`. */
  readonly name: string;
  readonly description: string;
  /** Sampling options by Ollama's names. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly useCases: readonly string[];
}

/** The first rule whose condition holds decides. */
interface AutoSelectRule {
  readonly condition: TaskSizeCondition;
  /** Key of the model. */
  readonly model: string;
}
