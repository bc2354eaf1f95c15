import { useSignal } from '@preact/signals';
import type { ChartLayout } from '../../chart-drawing.ts';
import { withParents } from './actor-history.ts';
import type { Shown } from './actor-page.tsx';
import { ChartCanvas } from './chart-canvas.tsx';
import { waysBetween } from './chart-figures.ts';
import { ChartOutline } from './chart-outline.tsx';
import { chartWords } from './chart-words.ts';

/** The chart of one actor: where it stands, and which way it came. */
export function ActorChart({ layout, shown }: { layout: ChartLayout; shown: Shown }) {
  const isTable = useSignal(false);
  const lit = withParents(shown.states);
  return (
    <>
      <button
        type="button"
        aria-pressed={isTable.value}
        onClick={() => {
          isTable.value = !isTable.value;
        }}
      >
        {isTable.value ? chartWords.value.drawing : chartWords.value.outline}
      </button>
      {isTable.value ? (
        <ChartOutline graph={layout.graph} figures={undefined} lit={lit} />
      ) : (
        <ChartCanvas layout={layout} marks={{ lit, trail: trailOf(layout, shown) }} />
      )}
    </>
  );
}

/** The ways that led to where it stands: of each region, as far as it went anywhere. */
function trailOf({ graph }: ChartLayout, { moment }: Shown): ReadonlySet<string> {
  const { step = null, states = [] } = moment ?? {};
  if (step === null) return new Set();
  const left = step.from.filter((state) => !states.includes(state));
  const reached = states.filter((state) => !step.from.includes(state));
  const ways = left.flatMap((from) => reached.flatMap((to) => waysBetween(graph, from, to, step.event)));
  return new Set(ways.map(({ id }) => id));
}
