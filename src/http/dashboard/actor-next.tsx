import type { ChartGraph, ChartWay } from '../../chart-graph.ts';
import { withParents } from './actor-history.ts';
import type { Shown } from './actor-page.tsx';
import { actorWords } from './actor-words.ts';

/**
 * Which events would do what, the innermost states first: in this order XState tries them. Whether a guard lets an event
 * pass depends on what the event brings, so the guard is named.
 */
export function ActorNext({ graph, shown }: { graph: ChartGraph; shown: Shown }) {
  const words = actorWords.value;
  const ways = nextWays(graph, shown.states);
  return (
    <section class="card">
      <h2>{words.next}</h2>
      {ways.length === 0 ? (
        <p class="muted">{words.nothingNext}</p>
      ) : (
        <ul class="plain next">
          {ways.map((way) => (
            <li key={way.id}>
              <code>{way.label}</code>{' '}
              {way.guard !== null && (
                <span class="tag wait">
                  {words.guarded} {[way.guard, way.guardParams].filter(Boolean).join(' ')}
                </span>
              )}{' '}
              <span class="muted">→ {way.to ?? words.stays}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** An actor in a final state takes nothing more, though its machine has ways that are taken in every state. */
function nextWays({ states, ways }: ChartGraph, active: readonly string[]): readonly ChartWay[] {
  const lit = withParents(active);
  const isEnded = states.some(({ id, kind, parent }) => parent === '' && kind === 'final' && lit.has(id));
  if (isEnded) return [];
  const depth = (way: ChartWay) => (way.from === '' ? 0 : way.from.split('.').length);
  return ways.filter(({ from }) => lit.has(from)).toSorted((a, b) => depth(b) - depth(a));
}
