import { useSignal } from '@preact/signals';
import type { ChartLayout } from '../../chart-drawing.ts';
import { keptWays } from '../../chart-mermaid.ts';
import type { MachineFigures } from '../../runtime/inspection-figures.ts';
import { ActorCrowd } from './actor-crowd.tsx';
import { actorWords } from './actor-words.ts';
import { ChartCanvas } from './chart-canvas.tsx';
import { drawingOf, drawnMachines } from './chart-drawings.ts';
import { boxFigures, wayFigures } from './chart-figures.ts';
import { overview, useOverview } from './chart-live.ts';
import { ChartOutline, WayTable } from './chart-outline.tsx';
import type { ChartMarks } from './chart-shapes.tsx';
import { chartWords } from './chart-words.ts';
import { Show, useLoaded } from './loading.tsx';
import { go, hrefOf, route } from './route.ts';
import { durationOf, numberOf } from './time-words.ts';

/** `#/actors/machine/task`: the chart of one machine, and all its actors on it. */
export function ActorMachine({ machine }: { machine: string }) {
  useOverview();
  const words = actorWords.value;
  const drawing = useLoaded(() => drawingOf(machine));
  const figures = overview.value[machine];
  const state = route.value.query.get('state');
  if (machine !== 'execution' && !drawnMachines.some((each) => each === machine)) {
    return <p class="muted">{words.unknown(machine)}</p>;
  }
  return (
    <>
      <p class="crumbs">
        <a href={hrefOf(['actors'])}>{words.title}</a>
      </p>
      <h1>{words.all(machine)}</h1>
      {figures !== undefined && (
        <p class="muted">
          {words.live} {numberOf(figures.live)} · {words.begun} {numberOf(figures.begun)}
        </p>
      )}
      {state !== null && (
        <ActorCrowd
          key={state}
          machine={machine}
          state={state}
          onClose={() => go(['actors', 'machine', machine], {}, 'replace')}
        />
      )}
      <Show of={drawing.value}>
        {({ layout }) =>
          layout === null ? (
            <Undrawn machine={machine} figures={figures} />
          ) : (
            <MachineChart layout={layout} figures={figures} />
          )
        }
      </Show>
    </>
  );
}

function MachineChart({ layout, figures }: { layout: ChartLayout; figures: MachineFigures | undefined }) {
  const words = chartWords.value;
  const isTable = useSignal(false);
  const ways = figures === undefined ? new Map() : wayFigures(layout.graph, figures);
  const kept = keptWays(layout.graph);
  return (
    <>
      <button
        type="button"
        aria-pressed={isTable.value}
        onClick={() => {
          isTable.value = !isTable.value;
        }}
      >
        {isTable.value ? words.drawing : words.outline}
      </button>
      {isTable.value ? (
        <ChartOutline graph={layout.graph} figures={figures} />
      ) : (
        <ChartCanvas layout={layout} marks={figures === undefined ? {} : marksOf(layout, figures)} />
      )}
      {kept.length > 0 && (
        <section class="card">
          <h2>{words.kept}</h2>
          <WayTable ways={kept} figures={ways} isKept />
        </section>
      )}
    </>
  );
}

function marksOf({ graph }: ChartLayout, figures: MachineFigures): ChartMarks {
  const ways = wayFigures(graph, figures);
  const lit = new Set(graph.states.map(({ id }) => id).filter((id) => boxFigures(figures, id).count > 0));
  const isLeaf = (id: string) => !graph.states.some(({ parent }) => parent === id);
  return {
    lit,
    stateText: (id) => {
      if (id === '') return '';
      const { count, entered, meanMs, crashed } = boxFigures(figures, id);
      // Who comes to an end is counted, and gone.
      if (graph.states.some((state) => state.id === id && state.kind === 'final'))
        return `${numberOf(entered)}×`;
      const stay = meanMs === null || !isLeaf(id) ? '' : ` · ⌀ ${durationOf(meanMs)}`;
      return `${numberOf(count)}${stay}${crashed > 0 ? ` · ✕ ${numberOf(crashed)}` : ''}`;
    },
    wayText: (id) => {
      const way = ways.get(id);
      if (way === undefined || way.count === 0) return '';
      const shared = way.isShared ? '≤ ' : '';
      return way.perSecond > 0
        ? `${shared}${numberOf(way.perSecond, 1)}/s`
        : `${shared}${numberOf(way.count)}×`;
    },
    isBad: (id) => Object.keys(ways.get(id)?.failures ?? {}).length > 0,
    onState: (id) => go(['actors', 'machine', graph.machine], { state: id }, 'replace'),
  };
}

/** An execution has no chart: it runs, and ends. */
function Undrawn({ machine, figures }: { machine: string; figures: MachineFigures | undefined }) {
  const words = chartWords.value;
  if (machine !== 'execution') return <p class="fault">{words.noDrawing}</p>;
  return (
    <dl class="figures card">
      {figures?.states.map(({ state, entered, count }) => (
        <div key={state}>
          <dt>
            {state === 'running' ? (
              <a href={hrefOf(['actors', 'machine', machine], { state })}>{state}</a>
            ) : (
              state
            )}
          </dt>
          <dd>{numberOf(state === 'running' ? count : entered)}</dd>
        </div>
      ))}
    </dl>
  );
}
