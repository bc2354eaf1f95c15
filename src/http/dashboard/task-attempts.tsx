import { hrefOf } from './route.ts';
import { ScrollBox } from './scroll-box.tsx';
import { StatusTag } from './status-tag.tsx';
import type { Attempt, Candidate } from './task-facts.ts';
import { taskPageWords } from './task-page-words.ts';
import { durationOf, numberOf, percentOf, timeOf } from './time-words.ts';

/** Who had it, why, and what came of it. */
export function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  const words = taskPageWords.value;
  return (
    <section class="card" aria-labelledby="attempts-title">
      <h2 id="attempts-title">{words.attempts}</h2>
      {attempts.length === 0 && <p class="muted">{words.noAttempts}</p>}
      {attempts.toReversed().map((attempt) => (
        <AttemptBlock key={attempt.assignment_id} attempt={attempt} />
      ))}
    </section>
  );
}

function AttemptBlock({ attempt }: { attempt: Attempt }) {
  const words = taskPageWords.value;
  const { reason, outcome } = attempt;
  const message = outcome?.['message'];
  return (
    <article class="attempt">
      <h3>
        {words.attempt(attempt.attempt)} <StatusTag status={attempt.status} />
      </h3>
      <p class="attempt-facts">
        <span class="clip">{attempt.worker_id}</span> · <span class="clip">{attempt.model ?? '–'}</span> ·{' '}
        {timeOf(attempt.assigned_at)} · {durationOf(attempt.duration_ms)}
      </p>
      {typeof message === 'string' && <p class="fault attempt-fault">{message}</p>}
      <p class="muted">
        {words.rule}: {reason.rule ?? '–'}
        {reason.config_version !== undefined && ` (${words.configVersion(reason.config_version)})`}
      </p>
      {reason.bypassed !== undefined && (
        <p>
          {words.bypassed}: <a href={hrefOf(['tasks', reason.bypassed])}>{reason.bypassed}</a>
        </p>
      )}
      <Candidates
        candidates={reason.candidates ?? []}
        choice={reason.choice}
        label={`${words.attempt(attempt.attempt)}: ${words.candidates}`}
      />
    </article>
  );
}

interface CandidatesProps {
  readonly candidates: readonly Candidate[];
  readonly choice: string | undefined;
  readonly label: string;
}

function Candidates({ candidates, choice, label }: CandidatesProps) {
  const words = taskPageWords.value;
  if (candidates.length === 0) return null;
  return (
    <ScrollBox label={label} kind="low">
      <table>
        <thead>
          <tr>
            <th scope="col">{words.candidates}</th>
            <th scope="col" class="number">
              {words.load}
            </th>
            <th scope="col">{words.warmth}</th>
            <th scope="col" class="number">
              {words.expected}
            </th>
            <th scope="col">{words.verdict}</th>
          </tr>
        </thead>
        <tbody>
          {candidates.map((each) => (
            <tr key={each.worker_id}>
              <td class="worker-name">{each.worker_id}</td>
              <td class="number">{percentOf(each.load)}</td>
              <td>{each.warmth ?? '–'}</td>
              <td class="number">{durationOf(each.expected_ms ?? null)}</td>
              <td>
                {each.worker_id === choice ? (
                  <strong>{words.chosen}</strong>
                ) : (
                  (each.refusal ?? words.eligible)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

/** What a backend counted, as it says it. */
export function Usage({ usage }: { usage: Readonly<Record<string, unknown>> }) {
  const words = taskPageWords.value;
  const told = Object.entries(usage).filter(([, value]) => value !== null);
  if (told.length === 0) return null;
  return (
    <dl class="figures usage" aria-label={words.usage}>
      {told.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="clip">{typeof value === 'number' ? numberOf(value, 1) : String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
