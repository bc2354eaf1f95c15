import { Show } from './loading.tsx';
import { shellWords } from './shell-words.ts';
import { WorkerCard } from './worker-card.tsx';
import { WorkerConfig } from './worker-config.tsx';
import { WorkerDryRun } from './worker-dry-run.tsx';
import { useWorkers } from './worker-following.ts';
import { WorkerGantt } from './worker-gantt.tsx';
import { workerWords } from './worker-words.ts';
import './worker.css';

export function WorkersPage() {
  const { workers } = useWorkers();
  return (
    <>
      <h1>{shellWords.value.workers}</h1>
      <Show of={workers.value}>
        {(all) =>
          all.length === 0 ? (
            <p class="muted">{workerWords.value.none}</p>
          ) : (
            <div class="grid worker-grid">
              {all.map((worker) => (
                <WorkerCard key={worker.worker_id} worker={worker} onChange={workers.value.again} />
              ))}
            </div>
          )
        }
      </Show>
      <WorkerGantt workerIds={(workers.value.value ?? []).map(({ worker_id }) => worker_id)} />
      <WorkerConfig />
      <WorkerDryRun />
    </>
  );
}
