import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ChartGraph } from '../../chart-graph.ts';
import type { OperatorSignal } from '../../machines/operator-signals.ts';
import type { GuardStanding } from '../../runtime/inspection-guards.ts';
import type { ActorSnapshot } from './actor-life.ts';
import { type NextWay, nextWays } from './actor-options.ts';
import type { Shown } from './actor-page.tsx';
import { SendDialog } from './actor-send.tsx';
import { actorSendWords } from './actor-send-words.ts';
import { actorWords } from './actor-words.ts';
import { can } from './doors.ts';

interface NextProps {
  readonly graph: ChartGraph;
  readonly actor: string;
  readonly shown: Shown;
  readonly snapshot: ActorSnapshot | null;
}

/**
 * Which events would do what, the innermost states first, and which guards stand in the way. Of a moment that is past the
 * guards are only named: what they knew then is gone.
 */
export function ActorNext({ graph, actor, shown, snapshot }: NextProps) {
  const words = actorWords.value;
  const asked = useSignal<OperatorSignal | null>(null);
  const section = useRef<HTMLElement>(null);
  const ways = nextWays(graph, shown.states, shown.isLatest ? (snapshot?.next ?? null) : null);
  const close = () => {
    const event = asked.peek()?.event;
    asked.value = null;
    // What was sent may be no longer taken: then there is no button to come back to.
    const button = section.current?.querySelector<HTMLElement>(`[data-event="${event}"]`);
    (button ?? section.current?.querySelector('h2'))?.focus();
  };
  return (
    <section class="card" ref={section}>
      <h2 tabIndex={-1}>{words.next}</h2>
      {ways.length === 0 ? (
        <p class="muted">{words.nothingNext}</p>
      ) : (
        <ul class="plain next">
          {ways.map((next) => (
            <Way key={next.way.id} next={next} onSend={(signal) => (asked.value = signal)} />
          ))}
        </ul>
      )}
      {asked.value !== null && <SendDialog actor={actor} signal={asked.value} onClose={close} />}
    </section>
  );
}

/** Beside the words, never in their place. */
const paint: Record<GuardStanding, string> = {
  open: 'good',
  closed: 'bad',
  depends: 'wait',
  shadowed: '',
  unknown: 'bad',
};

function Way({
  next: { way, standing, signal },
  onSend,
}: {
  next: NextWay;
  onSend: (signal: OperatorSignal) => void;
}) {
  const words = actorWords.value;
  const sendWords = actorSendWords.value;
  return (
    <li>
      <span class="way">
        <code>{way.label}</code>{' '}
        {way.guard !== null && (
          <span class="muted">
            {words.guarded} {[way.guard, way.guardParams].filter(Boolean).join(' ')}
          </span>
        )}{' '}
        {standing !== null && <span class={`tag ${paint[standing]}`}>{sendWords.standings[standing]}</span>}{' '}
        <span class="muted">→ {way.to ?? words.stays}</span>
      </span>
      {signal !== null && can('admin') && (
        <button
          type="button"
          data-event={signal.event}
          aria-label={sendWords.sendOf(way.label)}
          onClick={() => onSend(signal)}
        >
          {sendWords.send}
        </button>
      )}
    </li>
  );
}
