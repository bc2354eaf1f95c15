import type { Failure } from '../machines/outcome.ts';
import type { StreamEvent } from '../runtime/history.ts';
import type { TaskView } from '../runtime/task-view.ts';
import { type Cli, exitCodes } from './cli.ts';
import type { RestClient } from './rest-client.ts';
import { followTask } from './task-follower.ts';

/** What stdout shows while a task runs: its text as it comes, its events as JSON lines, or nothing before its end. */
export type Show = 'text' | 'events' | 'nothing';

/** Watches a task to its end. Ctrl-C ends the watching, not the task, and says so. */
export async function watchTask(cli: Cli, client: RestClient, taskId: string, show: Show): Promise<TaskView> {
  const { terminal, messages } = cli;
  const leave = () => {
    terminal.say(`\n${messages.talk.taskGoesOn(taskId)}`);
    process.exit(exitCodes.interrupted);
  };
  process.once('SIGINT', leave);
  const text = new StreamedText(cli);
  try {
    const task = await followTask(client, messages, taskId, {
      ...(show === 'events'
        ? { onRaw: ({ id, event, data }) => terminal.json({ event, id, data: JSON.parse(data) }) }
        : {}),
      ...(show === 'text' ? { onText: (piece, offset) => text.append(piece, offset) } : {}),
      onFact: (fact) => {
        if (show === 'text' && fact.type === 'task.retried') text.interrupt(fact);
        terminal.progress(text.isEmpty ? messages.talk.progressOf(taskId, fact.type) : '');
      },
      onLost: () => terminal.progress(messages.talk.reconnecting),
    });
    terminal.progress('');
    if (show === 'text') text.complete(task.result?.output ?? '');
    return task;
  } finally {
    process.off('SIGINT', leave);
  }
}

/** Says how a task ended, and turns that into an exit code. */
export function tellOutcome(
  { terminal, messages }: Cli,
  task: TaskView,
  { show, json }: { readonly show: Show; readonly json: boolean },
): number {
  const { success = false, output = '', error = null } = task.result ?? {};
  // The shape of the REST interface's own answer to a sync request.
  if (json && show === 'nothing') terminal.json({ ...task, success, output, error });
  if (!json && show === 'nothing' && output !== '') terminal.data(withLineEnd(output));
  if (task.status === 'completed') return exitCodes.done;
  terminal.say(messages.talk.taskEnded(task.task_id, task.status, error));
  return exitCodes.failed;
}

/** Text that was shown while it came, and what is missing of it when the task has ended. */
class StreamedText {
  readonly #cli: Cli;
  #shown = '';
  #isWhole = true;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  get isEmpty(): boolean {
    return this.#shown === '';
  }

  append(piece: string, offset: number): void {
    // Behind a gap (an attempt that was joined late) the end of the task brings the whole text.
    if (offset > this.#shown.length) this.#isWhole = false;
    const fresh = offset < this.#shown.length ? piece.slice(this.#shown.length - offset) : piece;
    this.#shown += fresh;
    this.#cli.terminal.data(fresh);
  }

  /** The attempt failed: its text is void, and the next one begins at its beginning. */
  interrupt({ data }: StreamEvent): void {
    const failure = data['failure'] as Failure | undefined;
    if (this.#shown !== '') this.#cli.terminal.data('\n');
    this.#shown = '';
    this.#isWhole = true;
    this.#cli.terminal.say(this.#cli.messages.talk.attemptFailed(failure?.message ?? ''));
  }

  complete(output: string): void {
    const { terminal, messages } = this.#cli;
    if (this.#isWhole && output.startsWith(this.#shown)) {
      const rest = output.slice(this.#shown.length);
      if (output !== '') terminal.data(withLineEnd(rest, output));
      return;
    }
    terminal.data('\n');
    if (output === '') return;
    terminal.say(messages.talk.wholeAnswer);
    terminal.data(withLineEnd(output));
  }
}

function withLineEnd(text: string, whole: string = text): string {
  return whole.endsWith('\n') ? text : `${text}\n`;
}
