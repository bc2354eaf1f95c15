import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ask, can } from './doors.ts';
import { go, route } from './route.ts';
import { type Bulk, type BulkDeed, bulkOfTasks, bulkOfTerms } from './task-bulk.ts';
import { BulkDialog } from './task-bulk-dialog.tsx';
import { DelegateDialog } from './task-delegate.tsx';
import { TaskFilters } from './task-filters.tsx';
import { TaskList } from './task-list.tsx';
import { queryOf, type SearchTerms, termsOf } from './task-search-terms.ts';
import { taskWords } from './task-words.ts';
import './tasks.css';

/** All tasks: looked for, opened, handed in, and ended or tried again by the many. */
export function TasksPage() {
  const words = taskWords.value;
  const { query } = route.value;
  const terms = termsOf(query);
  const isNew = query.get('new') !== null;
  const times = useSignal(0);
  const bulk = useSignal<Bulk | null>(null);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const workers = useWorkers();
  const search = useSearchKey();
  const change = (next: SearchTerms) => go(['tasks'], queryOf(next), 'replace');
  const again = () => {
    times.value += 1;
  };
  const key = `${JSON.stringify(terms)} ${times.value}`;
  return (
    <div class="tasks-page">
      <div class="bar">
        <h1>{words.title}</h1>
        {can('submit') && (
          <button
            type="button"
            class="primary"
            onClick={() => go(['tasks'], { ...queryOf(terms), new: '1' }, 'replace')}
          >
            {words.delegate}
          </button>
        )}
      </div>
      <TaskFilters terms={terms} onChange={change} workers={workers} search={search} />
      <Deeds
        terms={terms}
        selected={selected.value}
        onBulk={(next) => {
          bulk.value = next;
        }}
      />
      <TaskList
        key={key}
        terms={terms}
        selected={selected}
        onAgain={again}
        onSearch={() => search.current?.focus()}
      />
      {isNew && (
        <DelegateDialog
          onClose={() =>
            route.peek().path[0] === 'tasks' && route.peek().path[1] === undefined && change(terms)
          }
        />
      )}
      {bulk.value !== null && (
        <BulkDialog
          bulk={bulk.value}
          onClose={(hasDone) => {
            bulk.value = null;
            if (!hasDone) return;
            selected.value = new Set();
            again();
          }}
        />
      )}
    </div>
  );
}

/** Who works here, to choose from. */
function useWorkers(): Signal<readonly string[]> {
  const workers = useSignal<readonly string[]>([]);
  useEffect(() => {
    ask<{ workers: readonly { worker_id: string }[] }>('/workers').then(
      (found) => {
        workers.value = found.workers.map(({ worker_id }) => worker_id);
      },
      () => undefined,
    );
  }, []);
  return workers;
}

/** The field that a slash leads to, wherever nothing is being typed. */
function useSearchKey(): RefObject<HTMLInputElement | null> {
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select');
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);
  return search;
}

interface DeedsProps {
  readonly terms: SearchTerms;
  readonly selected: ReadonlySet<string>;
  readonly onBulk: (bulk: Bulk) => void;
}

/** What can be done with what was picked out, or else with all that matches. */
function Deeds({ terms, selected, onBulk }: DeedsProps) {
  const words = taskWords.value;
  const isPicked = selected.size > 0;
  const start = (deed: BulkDeed) =>
    onBulk(isPicked ? bulkOfTasks(deed, [...selected]) : bulkOfTerms(deed, terms));
  const why = (deed: BulkDeed): string | undefined => {
    if (isPicked) return can('submit') ? undefined : words.needsAdmin;
    if (!can('admin')) return words.needsAdmin;
    const fitting = deed === 'cancel' ? ['', 'pending', 'in_progress'] : ['', 'failed', 'cancelled'];
    if (fitting.includes(terms.status)) return undefined;
    return deed === 'cancel' ? words.needsLiving : words.needsEnded;
  };
  return (
    <div class="bar">
      {isPicked && <span role="status">{words.selected(selected.size)}</span>}
      <button
        type="button"
        class="danger"
        disabled={why('cancel') !== undefined}
        title={why('cancel')}
        onClick={() => start('cancel')}
      >
        {isPicked ? words.cancelSelected : words.cancelAll}
      </button>
      <button
        type="button"
        disabled={why('retry') !== undefined}
        title={why('retry')}
        onClick={() => start('retry')}
      >
        {isPicked ? words.retrySelected : words.retryAll}
      </button>
    </div>
  );
}
