/** One thing that is wrong with the configuration, told so that its reader can mend it without a search. */
export interface ConfigProblem {
  /** `workers.yaml`, …, or `environment`. Never a whole path: problems may be shown to clients. */
  readonly file: string;
  /** Both count from 1; `null` where the fault has no place in a text (the environment, a missing file). */
  readonly line: number | null;
  readonly column: number | null;
  /** `workers.local_workers[0].model`, or the name of a variable; empty for the file as a whole. */
  readonly path: string;
  /** The fault in a few words: `unknown key`, `expected a whole number, found "two"`. */
  readonly fault: string;
  readonly expected: string;
  readonly found: string;
  /** What to do, where that is known: `did you mean max_tokens?`. */
  readonly hint: string | null;
}

/** The problem as one line: `workers.yaml:12:7 workers.local_workers[0].max_token: unknown key; did you mean max_tokens?`. */
export function formatProblem(problem: ConfigProblem): string {
  const position = problem.line === null ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  const subject = problem.path === '' ? position : `${position} ${problem.path}`;
  return `${subject}: ${problem.fault}${problem.hint === null ? '' : `; ${problem.hint}`}`;
}

/** Joins the steps to one path; a key that would not read as one step is quoted. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w-]+$/.test(String(step))) text += `[${JSON.stringify(String(step))}]`;
    else text += text === '' ? String(step) : `.${String(step)}`;
  }
  return text;
}

const foundCharsMax = 60;

/** Names a value that was found, short enough for a line. */
export function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= foundCharsMax ? text : `${text.slice(0, foundCharsMax)}…`;
}

/** Keys whose values appear in no message. */
const secretKeys: readonly PropertyKey[] = ['api_key'];

/** Names a value that was found at a place of a file, unless it is a secret: problems are logged and shown. */
export function describeFoundAt(path: readonly PropertyKey[], value: unknown): string {
  const isSecret = secretKeys.includes(path.at(-1) ?? '') && value !== undefined && value !== null;
  return isSecret ? 'something else' : describeFound(value);
}
