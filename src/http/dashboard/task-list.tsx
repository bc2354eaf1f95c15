import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { perFrame } from './per-frame.ts';
import { go } from './route.ts';
import { type TaskReading, useReading } from './task-reading.ts';
import { ListHead, ListRow, rowPx } from './task-row.tsx';
import type { SearchTerms } from './task-search-terms.ts';
import { scrollTopFor, windowOf } from './task-window.ts';
import { taskWords } from './task-words.ts';
import { numberOf } from './time-words.ts';

/** More rows than any screen shows at once. */
const rowsDrawnMax = 256;
/** The next page is asked for when so many rows are left to scroll. */
const aheadRows = 300;

interface TaskListProps {
  readonly terms: SearchTerms;
  /** Ids, kept by the page: they outlive a look at another filter. */
  readonly selected: Signal<ReadonlySet<string>>;
  /** Begins anew, with what is there now. */
  readonly onAgain: () => void;
  readonly onSearch: () => void;
}

/** The tasks that match, drawn as far as they are seen and read on as they are scrolled. */
export function TaskList({ terms, selected, onAgain, onSearch }: TaskListProps) {
  const words = taskWords.value;
  const list = useReading(terms);
  const box = useRef<HTMLDivElement>(null);
  const current = useSignal(0);
  const seen = useSeen(box, list);
  const toggle = (id: string) => {
    const next = new Set(selected.peek());
    if (!next.delete(id)) next.add(id);
    selected.value = next;
  };
  const onKeyDown = useKeys({ box, list, current, selected, onToggle: toggle, onSearch });
  void list.version.value;
  const { rows, reading } = list;
  const isWhole = reading.value.state === 'whole';
  const { from, to } = windowOf(seen.value.topPx, seen.value.heightPx, rowPx, rows.length);
  return (
    <>
      <Note list={list} onAgain={onAgain} />
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot be drawn in part, nor moved in by keys */}
      <div
        ref={box}
        class="task-list"
        role="grid"
        aria-label={words.list}
        aria-rowcount={isWhole ? rows.length + 1 : -1}
        aria-multiselectable="true"
        aria-activedescendant={rows.at(current.value) === undefined ? undefined : `row-${current.value}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <ListHead />
        <div class="task-space" role="presentation" style={{ height: `${rows.length * rowPx}px` }}>
          {rows.slice(from, to).map((row, index) => (
            <ListRow
              // A row that leaves at one end is drawn anew at the other: nothing is made or thrown away while it scrolls.
              key={(from + index) % rowsDrawnMax}
              row={row}
              place={from + index}
              isCurrent={from + index === current.value}
              isSelected={selected.value.has(row.task_id)}
              onToggle={toggle}
            />
          ))}
        </div>
        {rows.length === 0 && isWhole && (
          <p class="muted task-none">
            {Object.values(terms).every((term) => term === '') ? words.nothingYet : words.none}
          </p>
        )}
      </div>
      <p class="muted keys">{words.keys}</p>
    </>
  );
}

/** How far it was read, and what came meanwhile. */
function Note({ list, onAgain }: { list: TaskReading; onAgain: () => void }) {
  const words = taskWords.value;
  void list.version.value;
  const { rows } = list;
  const { state, total, fault } = list.reading.value;
  return (
    <>
      <p class="bar muted list-note" role="status">
        <span>{words.loaded(numberOf(rows.length), total === null ? null : numberOf(total))}</span>
        {state === 'reading' && <span>{words.looking}</span>}
        {state === 'whole' && rows.length > 0 && <span>{words.end}</span>}
        {rows.newCount > 0 && (
          <button type="button" onClick={onAgain}>
            {words.fresh(numberOf(rows.newCount))}
          </button>
        )}
      </p>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault.message}{' '}
          <button type="button" onClick={list.readOn}>
            {words.again}
          </button>
        </p>
      )}
    </>
  );
}

interface Seen {
  readonly topPx: number;
  readonly heightPx: number;
}

/** What of the list is seen; near its end it is read on. */
function useSeen(box: RefObject<HTMLDivElement | null>, { rows, readOn }: TaskReading): Signal<Seen> {
  const seen = useSignal<Seen>({ topPx: 0, heightPx: 600 });
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const look = perFrame(() => {
      const { scrollTop: topPx, clientHeight: heightPx } = element;
      seen.value = { topPx, heightPx };
      if (windowOf(topPx, heightPx, rowPx, rows.length).to + aheadRows > rows.length) readOn();
    });
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, []);
  return seen;
}

interface KeyPorts {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly list: TaskReading;
  readonly current: Signal<number>;
  readonly selected: Signal<ReadonlySet<string>>;
  readonly onToggle: (id: string) => void;
  readonly onSearch: () => void;
}

/** What the keys do while the list has the focus. */
function useKeys({ box, list, current, selected, onToggle, onSearch }: KeyPorts) {
  const { rows } = list;
  const move = (to: number) => {
    const place = Math.max(0, Math.min(to, rows.length - 1));
    current.value = place;
    const element = box.current;
    if (element === null) return;
    // The names of the columns take one row of what is seen.
    element.scrollTop = scrollTopFor(place, element.scrollTop, element.clientHeight - rowPx, rowPx);
  };
  return (event: KeyboardEvent) => {
    const place = current.peek();
    const row = rows.at(place);
    const screen = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowPx) - 2);
    const keys: Record<string, () => void> = {
      j: () => move(place + 1),
      ArrowDown: () => move(place + 1),
      k: () => move(place - 1),
      ArrowUp: () => move(place - 1),
      PageDown: () => move(place + screen),
      PageUp: () => move(place - screen),
      Home: () => move(0),
      End: () => move(rows.length - 1),
      Enter: () => row !== undefined && go(['tasks', row.task_id]),
      x: () => row !== undefined && onToggle(row.task_id),
      Escape: () => {
        selected.value = new Set();
      },
      '/': onSearch,
    };
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
}
