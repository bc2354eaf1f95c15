import type { Signal } from '@preact/signals';
import type { ChartLayout } from '../../chart-drawing.ts';
import { type ChartView, centred, type Extent } from './chart-view.ts';
import { chartWords } from './chart-words.ts';

const mapPx = 150;

interface MinimapProps {
  readonly layout: ChartLayout;
  readonly view: Signal<ChartView>;
  readonly extent: Signal<Extent>;
  readonly lit: ReadonlySet<string> | undefined;
  readonly show: (next: ChartView) => void;
}

/** The whole chart in a corner, and which part of it is seen. A press there goes there; keys have the chart itself. */
export function ChartMinimap({ layout, view, extent, lit, show }: MinimapProps) {
  const { graph, boxes, width, height } = layout;
  const share = mapPx / Math.max(width, height);
  const { x, y, scale } = view.value;
  const seen = { width: extent.value.width / scale, height: extent.value.height / scale };
  // A hair is lost to rounding.
  const isWhole = x < 1 && y < 1 && x + seen.width > width - 1 && y + seen.height > height - 1;
  if (isWhole) return null;
  const go = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    const at = { x: (event.clientX - left) / share, y: (event.clientY - top) / share };
    show(centred(view.peek(), at, extent.peek()));
  };
  return (
    <svg
      class="minimap"
      role="img"
      aria-label={chartWords.value.minimap}
      width={width * share}
      height={height * share}
      viewBox={`0 0 ${width} ${height}`}
      onPointerDown={go}
      onPointerMove={go}
    >
      {graph.states.map(({ id }) => {
        const { x, y, width, height } = boxes[id] ?? { x: 0, y: 0, width: 0, height: 0 };
        return (
          <rect key={id} class={lit?.has(id) ? 'lit' : ''} x={x} y={y} width={width} height={height} rx={8} />
        );
      })}
      <rect class="seen" x={x} y={y} width={seen.width} height={seen.height} />
    </svg>
  );
}
