import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { actorWords } from './actor-words.ts';
import { onMessage, say } from './live-connection.ts';
import { hrefOf } from './route.ts';
import { timeOf } from './time-words.ts';

interface Page {
  readonly count: number;
  readonly actors: readonly { readonly actor: string; readonly since: string }[];
  readonly next: number | null;
}

interface CrowdProps {
  readonly machine: string;
  readonly state: string;
  readonly onClose: () => void;
}

const pageSize = 50;

/** The actors that are in a state, page by page, in the order in which they came there. */
export function ActorCrowd({ machine, state, onClose }: CrowdProps) {
  const words = actorWords.value;
  const page = useSignal<Page | null>(null);
  const ask = (after: number) => say({ command: 'inspect_actors', machine, state, after, limit: pageSize });
  useEffect(() => {
    const unhear = onMessage('inspect_actors', (message) => {
      if (message.machine !== machine || message.state !== state) return;
      const before = page.peek()?.actors ?? [];
      const known = new Set(before.map(({ actor }) => actor));
      const fresh = (message as Page).actors.filter(({ actor }) => !known.has(actor));
      page.value = { ...message, actors: [...before, ...fresh] };
    });
    ask(0);
    return unhear;
  }, []);
  const refresh = () => {
    page.value = null;
    ask(0);
  };
  const { count = 0, actors = [], next = null } = page.value ?? {};
  return (
    <section class="card crowd" aria-live="polite">
      <div class="bar">
        <h2>{words.inState(state, count)}</h2>
        <button type="button" onClick={refresh}>
          {words.refresh}
        </button>
        <button type="button" onClick={onClose}>
          {words.close}
        </button>
      </div>
      {page.value !== null && actors.length === 0 && <p class="muted">{words.nobody}</p>}
      <ul class="page">
        {actors.map(({ actor, since }) => (
          <li key={actor}>
            <a class="mono" href={hrefOf(['actors', actor])}>
              {actor}
            </a>{' '}
            <span class="muted">
              {words.since} {timeOf(since)}
            </span>
          </li>
        ))}
      </ul>
      {next !== null && (
        <button type="button" onClick={() => ask(next)}>
          {words.more}
        </button>
      )}
    </section>
  );
}
