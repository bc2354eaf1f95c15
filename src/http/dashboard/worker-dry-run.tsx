import { useSignal } from '@preact/signals';
import type { DryRun, Move, Place } from '../../runtime/dry-run.ts';
import { ask, can } from './doors.ts';
import { hrefOf } from './route.ts';
import { ScrollBox } from './scroll-box.tsx';
import { shellWords } from './shell-words.ts';
import { numberOf } from './time-words.ts';
import { configWords } from './worker-config-words.ts';

interface Tried extends Omit<DryRun, 'problems'> {
  readonly problems: readonly { readonly text: string }[];
}

/** What another `workers.yaml` would mean, before it is anywhere in force. */
export function WorkerDryRun() {
  const words = configWords.value;
  const text = useSignal('');
  const isTrying = useSignal(false);
  const tried = useSignal<Tried | null>(null);
  const fault = useSignal<string | null>(null);
  const tryIt = async (event: Event) => {
    event.preventDefault();
    isTrying.value = true;
    fault.value = null;
    try {
      tried.value = await ask<Tried>('/config/dry-run', {
        method: 'POST',
        body: { workers_yaml: text.value },
      });
    } catch (error) {
      fault.value = error instanceof Error ? error.message : String(error);
    }
    isTrying.value = false;
  };
  return (
    <section class="card worker-section" aria-labelledby="dry-run">
      <h2 id="dry-run">{words.dryRun}</h2>
      {can('admin') ? (
        <form onSubmit={tryIt}>
          <p id="dry-run-about" class="muted">
            {words.dryRunAbout}
          </p>
          <label class="worker-yaml">
            {words.yaml}
            <textarea
              class="mono"
              rows={12}
              required
              spellcheck={false}
              aria-describedby="dry-run-about"
              value={text.value}
              onInput={({ currentTarget }) => {
                text.value = currentTarget.value;
              }}
            />
          </label>
          <div class="bar">
            <button type="submit" class="primary" disabled={isTrying.value}>
              {isTrying.value ? words.trying : words.tryIt}
            </button>
          </div>
        </form>
      ) : (
        <p class="muted">{words.adminOnly}</p>
      )}
      <div role="status">
        {fault.value !== null && <p class="fault">{shellWords.value.failed(fault.value)}</p>}
        {tried.value !== null && <Result tried={tried.value} />}
      </div>
    </section>
  );
}

function Result({ tried }: { tried: Tried }) {
  const words = configWords.value;
  const { valid, problems, changes, considered, moved, moves, workers } = tried;
  if (!valid) {
    return (
      <>
        <p class="fault">{words.invalid(problems.length)}</p>
        <ul class="mono">
          {problems.map(({ text }) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </>
    );
  }
  return (
    <>
      <p>{changes.length === 0 ? words.same : words.fine(changes.length)}</p>
      <ul class="mono">
        {changes.map((change) => (
          <li key={change}>{change}</li>
        ))}
      </ul>
      <p>
        <strong>{considered === 0 ? words.noDecisions : words.moved(moved, considered)}</strong>
      </p>
      {workers.length > 0 && <Shares workers={workers} />}
      {moves.length > 0 && <Moves moves={moves} />}
    </>
  );
}

function Shares({ workers }: { workers: Tried['workers'] }) {
  const words = configWords.value;
  return (
    <table class="worker-shares">
      <thead>
        <tr>
          <th scope="col">{words.worker}</th>
          <th scope="col" class="number">
            {words.before}
          </th>
          <th scope="col" class="number">
            {words.after}
          </th>
        </tr>
      </thead>
      <tbody>
        {workers.map(({ worker_id, before, after }) => (
          <tr key={worker_id}>
            <th scope="row">{worker_id}</th>
            <td class="number">{numberOf(before)}</td>
            <td class="number">{numberOf(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Moves({ moves }: { moves: readonly Move[] }) {
  const words = configWords.value;
  const heads = [words.task, words.type, words.priority, words.had, words.before, words.after, words.why];
  return (
    <>
      <p>{words.shown(moves.length)}</p>
      <ScrollBox kind="low" label={words.shown(moves.length)}>
        <table>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {moves.map((move) => (
              <tr key={move.assignment_id}>
                <td>
                  <a class="mono" href={hrefOf(['tasks', move.task_id])}>
                    {move.task_id}
                  </a>
                </td>
                <td>{move.type}</td>
                <td>{move.priority}</td>
                <td>{move.had.worker_id}</td>
                <td>{placeText(move.before)}</td>
                <td>→ {placeText(move.after)}</td>
                <td>{reasonText(move)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </>
  );
}

function placeText({ worker_id, model, outcome }: Place): string {
  const after = configWords.value.outcomes[outcome];
  if (worker_id === null) return after;
  return `${worker_id}${model === null ? '' : ` (${model})`}${after}`;
}

/** The rule that decides now, and what is held against the worker that had it before. */
function reasonText({ before, after }: Move): string {
  const against = before.worker_id === null ? undefined : after.refusals[before.worker_id];
  return [after.rule, against === undefined ? undefined : `${before.worker_id}: ${against}`]
    .filter((part) => part !== undefined && part !== null)
    .join('; ');
}
