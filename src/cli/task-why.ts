import { z } from 'zod';
import type { AttemptView } from '../runtime/operation.ts';
import type { TaskView } from '../runtime/task-view.ts';
import type { Cli } from './cli.ts';
import { percent } from './pool-command.ts';
import { printFields, printTable } from './table.ts';
import { oneLine } from './text-width.ts';
import { localTime, spanText } from './time-text.ts';

type Words = Cli['messages']['operating'];

/** What is stored with an attempt. Rows of other versions may lack some of it, or have more. */
const reasonSchema = z.looseObject({
  rule: z.string().optional(),
  model: z.string().optional(),
  config_version: z.number().optional(),
  bypassed: z.string().optional(),
  candidates: z
    .array(
      z.looseObject({
        worker_id: z.string(),
        load: z.number().optional(),
        warmth: z.string().optional(),
        expected_ms: z.number().optional(),
        refusal: z.string().optional(),
      }),
    )
    .optional(),
});

type Candidate = NonNullable<z.output<typeof reasonSchema>['candidates']>[number];

const failureSchema = z.looseObject({ code: z.string(), message: z.string() });
const usageSchema = z.looseObject({ outputTokens: z.number().nullish() });

/** What is told of the task itself. */
type WhyTask = Pick<TaskView, 'task_id' | 'status' | 'state' | 'type' | 'priority'>;

/** Tells in words why each attempt of a task went where it went, and what came of it. */
export function showWhy(cli: Cli, task: WhyTask, attempts: readonly AttemptView[]): void {
  const { terminal, messages } = cli;
  const { fields, operating } = messages;
  printFields(terminal, [
    [fields.task, task.task_id],
    [fields.status, task.status === task.state ? task.status : `${task.status} (${task.state})`],
    [fields.type, task.type],
    [fields.priority, task.priority],
  ]);
  for (const attempt of attempts) {
    terminal.line('');
    showAttempt(cli, attempt);
  }
  if (attempts.length === 0) terminal.say(operating.noAttempts(task.state));
}

function showAttempt({ terminal, messages }: Cli, attempt: AttemptView): void {
  const { fields, operating } = messages;
  const { data: reason } = reasonSchema.safeParse(attempt.reason);
  const model = attempt.model ?? reason?.model ?? '-';
  terminal.line(operating.attemptOf(attempt.attempt, oneLine(attempt.worker_id), oneLine(model)));
  printFields(terminal, [
    [fields.begun, localTime(attempt.assigned_at)],
    [operating.fields.result, resultOf(operating, attempt)],
    [
      operating.fields.rule,
      reason?.rule === undefined ? null : ruleText(operating, reason.rule, reason.config_version),
    ],
  ]);
  if (reason?.bypassed !== undefined) terminal.line(operating.passedOver(oneLine(reason.bypassed)));
  const candidates = reason?.candidates ?? [];
  if (candidates.length > 0) showCandidates({ terminal, messages }, candidates);
}

function ruleText(words: Words, rule: string, version: number | undefined): string {
  return version === undefined ? rule : words.ruleOf(rule, version);
}

function resultOf(words: Words, { status, assigned_at, ended_at, outcome }: AttemptView): string {
  const state = known(words.attemptStates, status);
  const spanMs = ended_at === null ? null : Date.parse(ended_at) - Date.parse(assigned_at);
  const said = spanMs === null ? state : words.after(state, spanText(spanMs));
  const { data: failure } = failureSchema.safeParse(outcome);
  if (failure !== undefined) return `${said}: ${failure.message} (${failure.code})`;
  const tokens = usageSchema.safeParse(outcome).data?.outputTokens;
  return typeof tokens === 'number' ? `${said}; ${words.tokens(tokens)}` : said;
}

function showCandidates(
  { terminal, messages }: Pick<Cli, 'terminal' | 'messages'>,
  candidates: readonly Candidate[],
): void {
  const { fields, operating } = messages;
  const { load, warmth, expected, verdict } = operating.fields;
  // Only where durations decide is there any.
  const isTimed = candidates.some(({ expected_ms }) => expected_ms !== undefined);
  printTable(
    terminal,
    [fields.worker, load, ...(isTimed ? [expected] : []), warmth, verdict],
    candidates.map((candidate) => [
      candidate.worker_id,
      candidate.load === undefined ? null : percent(candidate.load),
      ...(isTimed ? [candidate.expected_ms === undefined ? null : spanText(candidate.expected_ms)] : []),
      candidate.warmth === undefined ? null : known(operating.warmths, candidate.warmth),
      candidate.refusal === undefined ? operating.chosen : known(operating.refusals, candidate.refusal),
    ]),
  );
}

/** In words of the reader; a word of another version as it is. */
function known(words: Readonly<Record<string, string>>, word: string): string {
  return Object.hasOwn(words, word) ? (words[word] ?? word) : word;
}
