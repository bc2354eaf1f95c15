import type { ComponentChildren } from 'preact';
import type { WorkerView } from '../../runtime/worker-view.ts';
import { can } from './doors.ts';
import { hrefOf } from './route.ts';
import { StatusTag } from './status-tag.tsx';
import { numberOf, timeOf } from './time-words.ts';
import { WorkerOrders } from './worker-orders.tsx';
import { workerWords } from './worker-words.ts';

/** All that is known of one worker, and what may be asked of it. */
export function WorkerCard({ worker, onChange }: { worker: WorkerView; onChange: () => void }) {
  const words = workerWords.value;
  const heading = `worker-${worker.worker_id}`;
  return (
    <article class="card worker-card" aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{worker.worker_id}</h2> <StatusTag status={worker.status} />{' '}
        <AdmissionTag admission={worker.admission} />
      </header>
      <SlotBar used={worker.leases} slots={worker.max_concurrent_tasks} />
      <dl class="worker-facts">
        <Fact name={words.breaker}>
          <BreakerTag breaker={worker.breaker} />
          {worker.breaker_detail !== '' && <p class="fault">{worker.breaker_detail}</p>}
        </Fact>
        <Fact name={words.model}>{worker.model ?? '–'}</Fact>
        <Fact name={words.resident}>{worker.loaded.join(', ') || '–'}</Fact>
        <Fact name={words.available}>
          <AvailableModels models={worker.models} />
        </Fact>
        <Fact name={words.takes}>{worker.capabilities.join(', ') || words.all}</Fact>
        <Fact name={words.where}>
          {words[worker.location as 'local' | 'remote'] ?? worker.location} · {worker.worker_type}{' '}
          <span class="mono">{worker.endpoint_url}</span>
        </Fact>
        <Fact name={words.factor}>{numberOf(worker.performance_factor, 2)}</Fact>
        <Fact name={words.done}>
          {numberOf(worker.tasks_completed)} / {numberOf(worker.tasks_failed)}
        </Fact>
        <Fact name={words.beat}>{timeOf(worker.last_heartbeat)}</Fact>
        {worker.current_tasks.length > 0 && (
          <Fact name={words.now}>
            {worker.current_tasks.map((id) => (
              <a key={id} class="mono worker-task" href={hrefOf(['tasks', id])}>
                {id}
              </a>
            ))}
          </Fact>
        )}
      </dl>
      {can('admin') && <WorkerOrders worker={worker} onChange={onChange} />}
    </article>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function SlotBar({ used, slots }: { used: number; slots: number }) {
  const words = workerWords.value;
  return (
    <p class="worker-slots">
      <span>
        {words.slots} {used} / {slots}
      </span>
      <meter aria-label={words.slots} min={0} max={Math.max(1, slots)} value={Math.min(used, slots)} />
    </p>
  );
}

function AvailableModels({ models }: { models: WorkerView['models'] }) {
  if (models === null || models.length === 0) return <>–</>;
  if (models.length <= 3) return <>{models.map(({ name }) => name).join(', ')}</>;
  return (
    <details>
      <summary>{workerWords.value.models(models.length)}</summary>
      <ul>
        {models.map(({ name }) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </details>
  );
}

const admissionTones: Readonly<Record<string, string>> = {
  active: 'good',
  standby: 'wait',
  draining: 'wait',
  drained: 'wait',
  quarantined: 'bad',
};

function AdmissionTag({ admission }: { admission: string }) {
  const known = workerWords.value.admissions[admission] ?? admission;
  return <span class={`tag ${admissionTones[admission] ?? ''}`}>{known}</span>;
}

function BreakerTag({ breaker }: { breaker: string | null }) {
  if (breaker === null) return <>–</>;
  const tone = breaker === 'closed' ? 'good' : breaker === 'open' ? 'bad' : 'wait';
  return <span class={`tag ${tone}`}>{workerWords.value.breakers[breaker] ?? breaker}</span>;
}
