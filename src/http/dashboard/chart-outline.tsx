import type { ChartGraph, ChartState, ChartWay } from '../../chart-graph.ts';
import type { MachineFigures, StateFigures } from '../../runtime/inspection-figures.ts';
import { boxFigures, type WayFigures, wayFigures } from './chart-figures.ts';
import { chartWords } from './chart-words.ts';
import { ScrollBox } from './scroll-box.tsx';
import { durationOf, numberOf } from './time-words.ts';

interface OutlineProps {
  readonly graph: ChartGraph;
  readonly figures: MachineFigures | undefined;
  readonly lit?: ReadonlySet<string> | undefined;
}

/** The chart in words: all states, and all ways between them, with the figures that the drawing has no room for. */
export function ChartOutline({ graph, figures, lit }: OutlineProps) {
  const ways = figures === undefined ? new Map<string, WayFigures>() : wayFigures(graph, figures);
  return (
    <div class="outline">
      <StateTable graph={graph} figures={figures} lit={lit} />
      <WayTable ways={graph.ways.filter(({ to }) => to !== null)} figures={ways} />
    </div>
  );
}

function StateTable({ graph, figures, lit }: OutlineProps) {
  const words = chartWords.value;
  const inner = graph.states.filter(({ id }) => id !== '');
  return (
    <ScrollBox label={words.state}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.state}</th>
            {figures !== undefined && (
              <>
                <th scope="col" class="number">
                  {words.now}
                </th>
                <th scope="col" class="number">
                  {words.entered}
                </th>
                <th scope="col" class="number">
                  {words.mean}
                </th>
                <th scope="col">{words.stays}</th>
                <th scope="col" class="number">
                  {words.crashed}
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {inner.map((state) => (
            <StateRow key={state.id} state={state} figures={figures} isLit={lit?.has(state.id) === true} />
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

interface StateRowProps {
  readonly state: ChartState;
  readonly figures: MachineFigures | undefined;
  readonly isLit: boolean;
}

function StateRow({ state, figures, isLit }: StateRowProps) {
  const words = chartWords.value;
  const box = figures === undefined ? undefined : boxFigures(figures, state.id);
  const own = figures?.states.find((each) => each.state === state.id);
  return (
    <tr class={isLit ? 'lit' : ''}>
      <th scope="row" class="mono">
        {state.id} {isLit && <span class="tag run">{words.active}</span>}{' '}
        {state.kind === 'final' && <span class="tag">{words.ends}</span>}
      </th>
      {box !== undefined && (
        <>
          <td class="number">{numberOf(box.count)}</td>
          <td class="number">{numberOf(box.entered)}</td>
          <td class="number">{durationOf(box.meanMs)}</td>
          <td>{own !== undefined && <Stays figures={own} />}</td>
          <td class="number">{numberOf(box.crashed)}</td>
        </>
      )}
    </tr>
  );
}

const bounds = ['1 ms', '10 ms', '100 ms', '1 s', '10 s', '100 s', '1,000 s'];

/** How long actors stayed, as bars of powers of ten. */
function Stays({ figures: { stays } }: { figures: StateFigures }) {
  const most = Math.max(1, ...stays);
  const named = stays.flatMap((count, at) =>
    count === 0
      ? []
      : [`${at < bounds.length ? `< ${bounds[at]}` : chartWords.value.over}: ${numberOf(count)}`],
  );
  if (named.length === 0) return <>–</>;
  return (
    <svg class="stays" role="img" aria-label={named.join(', ')} width={stays.length * 9} height={20}>
      <title>{named.join(', ')}</title>
      {stays.map((count, at) => {
        const height = count === 0 ? 1 : Math.max(2, (count / most) * 20);
        return <rect key={bounds[at] ?? ''} x={at * 9} y={20 - height} width={7} height={height} />;
      })}
    </svg>
  );
}

/** Ways with how often they were taken, and where they failed. */
export function WayTable({
  ways,
  figures,
  isKept = false,
}: {
  ways: readonly ChartWay[];
  figures: ReadonlyMap<string, WayFigures>;
  /** They lead nowhere: the event is all that tells them apart. */
  isKept?: boolean;
}) {
  const words = chartWords.value;
  const hasFigures = figures.size > 0;
  return (
    <ScrollBox label={isKept ? words.kept : words.way}>
      <table>
        <thead>
          <tr>
            {!isKept && <th scope="col">{words.way}</th>}
            <th scope="col">{words.event}</th>
            <th scope="col">{words.guard}</th>
            <th scope="col">{words.actions}</th>
            {hasFigures && (
              <>
                <th scope="col" class="number">
                  {words.taken}
                </th>
                <th scope="col" class="number">
                  {words.rate}
                </th>
                <th scope="col">{words.failures}</th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {ways.map((way) => (
            <WayRow
              key={way.id}
              way={way}
              figures={figures.get(way.id)}
              hasFigures={hasFigures}
              isKept={isKept}
            />
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

interface WayRowProps {
  readonly way: ChartWay;
  readonly figures: WayFigures | undefined;
  readonly hasFigures: boolean;
  readonly isKept: boolean;
}

function WayRow({ way, figures, hasFigures, isKept }: WayRowProps) {
  const failures = Object.entries(figures?.failures ?? {}).map(
    ([code, count]) => `${code} ${numberOf(count)}`,
  );
  return (
    <tr>
      {isKept ? (
        <th scope="row" class="mono">
          {way.label}
        </th>
      ) : (
        <>
          <th scope="row" class="mono">
            {way.from === '' ? chartWords.value.anywhere : way.from} → {way.to}
          </th>
          <td class="mono">{way.label}</td>
        </>
      )}
      <td class="mono">{[way.guard ?? '', way.guardParams].filter(Boolean).join(' ')}</td>
      <td class="mono">{way.actions.join(', ')}</td>
      {hasFigures && (
        <>
          <td class="number">{wayCount(figures)}</td>
          <td class="number">{numberOf(figures?.perSecond ?? 0, 1)}</td>
          <td>{failures.join(', ')}</td>
        </>
      )}
    </tr>
  );
}

/** Of several ways that only a guard tells apart, it is known how often all of them together were taken. */
function wayCount(figures: WayFigures | undefined): string {
  return `${figures?.isShared ? '≤ ' : ''}${numberOf(figures?.count ?? 0)}`;
}
