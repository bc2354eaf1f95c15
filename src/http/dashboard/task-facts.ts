/** A task as `GET /task/:id?include=attempts` answers it. */
export interface TaskFacts {
  readonly task_id: string;
  readonly status: string;
  readonly state: string;
  readonly type: string;
  readonly priority: number;
  readonly prompt: string;
  readonly result: {
    readonly success: boolean;
    readonly output: string;
    readonly error: string | null;
    readonly error_code: string | null;
    readonly usage: Readonly<Record<string, unknown>> | null;
  } | null;
  readonly worker_id: string | null;
  readonly attempts: number;
  readonly run_at: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly metadata: {
    readonly files?: readonly string[];
    readonly output_file?: string | null;
    readonly options?: Readonly<Record<string, unknown>>;
    readonly created_by?: string | null;
    readonly retry_of?: string;
  };
  readonly prediction: Foretold | null;
  readonly attempt_list: readonly Attempt[];
}

export interface Foretold {
  readonly place: number | null;
  readonly start: Span | null;
  readonly finish: Span | null;
  readonly basis: string;
}

interface Span {
  readonly p50: string;
  readonly p90: string;
}

export interface Attempt {
  readonly assignment_id: number;
  readonly attempt: number;
  readonly worker_id: string;
  readonly model: string | null;
  readonly status: string;
  readonly assigned_at: string;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly reason: {
    readonly rule?: string;
    readonly choice?: string;
    readonly config_version?: number;
    readonly bypassed?: string;
    readonly candidates?: readonly Candidate[];
  };
  readonly outcome: Readonly<Record<string, unknown>> | null;
}

export interface Candidate {
  readonly worker_id: string;
  readonly load: number;
  readonly warmth?: string;
  readonly expected_ms?: number;
  readonly refusal?: string;
}

/** The same task as a command for a shell. Single quotes keep everything but themselves. */
export function curlOf(task: TaskFacts, rest: string, needsToken: boolean): string {
  const { files = [], output_file = null, options = {} } = task.metadata;
  const body = {
    prompt: task.prompt,
    type: task.type,
    priority: task.priority,
    ...(files.length === 0 ? {} : { files }),
    ...(output_file === null ? {} : { output_file }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
  const lines = [
    `curl -X POST ${quoted(`${rest}/task/delegate`)}`,
    `-H 'content-type: application/json'`,
    ...(needsToken ? ['-H "Authorization: Bearer $KOUBOU_API_TOKEN"'] : []),
    `--data-raw ${quoted(JSON.stringify(body))}`,
  ];
  return lines.join(' \\\n  ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
