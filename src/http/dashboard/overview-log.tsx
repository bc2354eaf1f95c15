import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { askLogs, doors } from './doors.ts';
import { liveState } from './live-connection.ts';
import { type LogEntry, type LogLine, LogRing } from './log-ring.ts';
import { overviewWords } from './overview-words.ts';
import { perFrame } from './per-frame.ts';
import { timeOf } from './time-words.ts';

/** Lines on the page. */
const linesMax = 200;
/** Under a flood the list is drawn so often at most, in ms. */
const showMs = 200;
const reopenMs = 2_000;
/** Workers to choose from. */
const namesMax = 200;
const lineTypes = ['info', 'success', 'warning', 'error', 'processing'] as const;

interface LogFilter {
  readonly worker: string;
  readonly type: string;
}

/** The log as it grows, narrowed to a worker and a type. */
export function LiveLog() {
  const words = overviewWords.value;
  const log = useLog();
  const contains = useSignal('');
  const box = useRef<HTMLDivElement>(null);
  const wanted = contains.value.toLowerCase();
  const lines = log.lines.value;
  const shown = wanted === '' ? lines : lines.filter(({ message }) => message.toLowerCase().includes(wanted));
  // The newest stands at the end, and stays in sight.
  useEffect(() => {
    if (!log.isHeld.peek() && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, wanted]);
  return (
    <section class="card wide" aria-labelledby="log-title">
      <h2 id="log-title">{words.log}</h2>
      <LogBar log={log} contains={contains} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no pointer scrolls it by the arrow keys */}
      <div ref={box} class="log" role="log" aria-live="off" aria-labelledby="log-title" tabIndex={0}>
        {shown.length === 0 && <p class="muted">{words.noLines}</p>}
        {shown.map((line) => (
          <Line key={line.key} line={line} />
        ))}
      </div>
    </section>
  );
}

interface Log {
  readonly filter: Signal<LogFilter>;
  readonly isHeld: Signal<boolean>;
  readonly lines: Signal<readonly LogLine[]>;
  /** Lines that came while it is held. */
  readonly waiting: Signal<number>;
  /** Workers that were spoken of. */
  readonly names: Signal<readonly string[]>;
}

/** Hears the log, and shows what came a few times a second. */
function useLog(): Log {
  const filter = useSignal<LogFilter>({ worker: '', type: '' });
  const isHeld = useSignal(false);
  const lines = useSignal<readonly LogLine[]>([]);
  const waiting = useSignal(0);
  const names = useSignal<readonly string[]>([]);
  useEffect(() => {
    const ring = new LogRing(linesMax);
    let shownMs = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = perFrame(() => {
      timer = undefined;
      if (!isHeld.peek()) {
        shownMs = performance.now();
        lines.value = ring.show();
      }
      waiting.value = ring.waitingCount;
    });
    const show = () => {
      timer ??= setTimeout(draw, Math.max(0, shownMs + showMs - performance.now()));
    };
    const know = (entries: readonly LogEntry[]) => {
      const fresh = entries.map(({ worker }) => worker).filter((name) => !names.peek().includes(name));
      if (fresh.length > 0) names.value = [...new Set([...names.peek(), ...fresh])].slice(-namesMax).sort();
      show();
    };
    const ends = isHeld.subscribe(show);
    const stop = streamOf(filter.value, {
      onBegin: (entries) => {
        ring.begin(entries);
        know(entries);
      },
      onLine: (entry) => {
        ring.push(entry);
        know([entry]);
      },
    });
    return () => {
      stop();
      ends();
      clearTimeout(timer);
    };
  }, [filter.value]);
  return { filter, isHeld, lines, waiting, names };
}

function LogBar({ log, contains }: { log: Log; contains: Signal<string> }) {
  const words = overviewWords.value;
  const { filter, isHeld, names, waiting } = log;
  const narrow = (name: keyof LogFilter) => ({
    value: filter.value[name],
    onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => {
      filter.value = { ...filter.value, [name]: currentTarget.value };
    },
  });
  return (
    <div class="bar">
      <label>
        {words.worker}{' '}
        <select {...narrow('worker')}>
          <option value="">{words.all}</option>
          {names.value.map((name) => (
            <option key={name} value={name}>
              {name.slice(0, 60)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.type}{' '}
        <select {...narrow('type')}>
          <option value="">{words.all}</option>
          {lineTypes.map((type) => (
            <option key={type} value={type}>
              {words.lineTypes[type]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.contains}{' '}
        <input
          type="search"
          value={contains.value}
          onInput={({ currentTarget }) => {
            contains.value = currentTarget.value;
          }}
        />
      </label>
      <button
        type="button"
        aria-pressed={isHeld.value}
        onClick={() => {
          isHeld.value = !isHeld.value;
        }}
      >
        {words.pause}
      </button>
      {isHeld.value && <span class="muted">{words.held(waiting.value)}</span>}
    </div>
  );
}

function Line({ line }: { line: LogLine }) {
  const known = overviewWords.value.lineTypes as Readonly<Record<string, string>>;
  return (
    <p class={`log-line ${line.type}`}>
      <time dateTime={line.timestamp}>{timeOf(line.timestamp)}</time>
      <strong>{known[line.type] ?? line.type}</strong>
      <span class="clip">{line.worker}</span>
      <span class="log-message">{line.message}</span>
    </p>
  );
}

interface Readers {
  readonly onBegin: (entries: readonly LogEntry[]) => void;
  readonly onLine: (entry: LogEntry) => void;
}

/** The past lines, then each as it happens. A browser comes back by itself, but gives up when it is refused. */
function streamOf({ worker, type }: LogFilter, { onBegin, onLine }: Readers): () => void {
  const query = new URLSearchParams({
    ...(worker === '' ? {} : { worker }),
    ...(type === '' ? {} : { type }),
  });
  const stop = new AbortController();
  let last = '';
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    const from = last === '' ? '' : `last_event_id=${last}`;
    source = new EventSource(`${doors().logs}/api/logs/stream?${[query, from].filter(String).join('&')}`, {
      withCredentials: true,
    });
    source.addEventListener('message', ({ data, lastEventId }) => {
      last = lastEventId;
      onLine(JSON.parse(data));
    });
    source.addEventListener('error', () => {
      if (source?.readyState !== EventSource.CLOSED) return;
      // Refused: while it starts, or since the database is another one than before.
      if (liveState.peek() === 'live') last = '';
      timer = setTimeout(open, reopenMs);
    });
  };
  const past = new URLSearchParams(query);
  past.set('limit', '100');
  open();
  askLogs<{ logs: readonly LogEntry[] }>(`/api/logs/recent?${past}`, stop.signal).then(
    ({ logs }) => onBegin(logs),
    () => undefined,
  );
  return () => {
    stop.abort();
    source?.close();
    clearTimeout(timer);
  };
}
