import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ChartLayout, Point } from '../../chart-drawing.ts';
import { ChartMinimap } from './chart-minimap.tsx';
import { type ChartMarks, ChartShapes } from './chart-shapes.tsx';
import { ChartTools } from './chart-tools.tsx';
import { beginning, type ChartView, type Extent, fitting, moved, showing, zoomed } from './chart-view.ts';
import { chartWords } from './chart-words.ts';

const stepPx = 60;
const zoomStep = 1.25;

interface CanvasProps {
  readonly layout: ChartLayout;
  readonly marks: ChartMarks;
}

/** A chart that can be moved about: by dragging, by keys, by wheel, by two fingers. */
export function ChartCanvas({ layout, marks }: CanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const extent = useSignal<Extent>({ width: 0, height: 0 });
  const view = useSignal<ChartView>({ x: 0, y: 0, scale: 1 });
  /** Until the reader moves it, it keeps what matters in sight, however large the window is. */
  const isMoved = useRef(false);
  const focus = focusOf(layout, marks);
  const begin = () => {
    if (!isMoved.current) view.value = beginning(layout, focus, extent.peek());
  };
  const beginNow = useRef(begin);
  beginNow.current = begin;
  useEffect(begin, [layout, focus.x, focus.y]);
  const show = (next: ChartView) => {
    isMoved.current = true;
    view.value = next;
  };
  const showAll = () => show(fitting(layout, extent.peek()));

  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      extent.value = { width: element.clientWidth, height: element.clientHeight };
      beginNow.current();
    });
    observer.observe(element);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      show(zoomed(view.peek(), Math.exp(-event.deltaY / 500), pointIn(element, event)));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', wheel);
    };
  }, [layout]);

  const middle = () => ({ x: extent.peek().width / 2, y: extent.peek().height / 2 });
  const zoom = (factor: number) => show(zoomed(view.peek(), factor, middle()));
  const { x, y, scale } = view.value;
  const words = chartWords.value;
  return (
    <div class="canvas">
      <ChartTools layout={layout} marks={marks} zoom={zoom} showAll={showAll} />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is no window onto a drawing */}
      <div
        ref={frame}
        class="window"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved about by keys
        tabIndex={0}
        role="group"
        aria-label={`${words.chartOf(layout.graph.machine)}. ${words.keys}`}
        onFocusCapture={({ target, currentTarget }) => {
          const box = layout.boxes[(target as Element).getAttribute('data-state') ?? ''];
          if (box !== undefined) show(showing(view.peek(), box, extent.peek()));
          // The browser brings into sight what gets the focus, by scrolling what is not meant to be scrolled.
          currentTarget.scrollTo(0, 0);
        }}
        onKeyDown={(event) => key(event, view, show, zoom, showAll)}
        {...useDragging(view, show)}
      >
        <svg width="100%" height="100%" aria-hidden={marks.onState === undefined} focusable="false">
          <title>{words.chartOf(layout.graph.machine)}</title>
          <g class="moving" transform={`scale(${scale}) translate(${-x} ${-y})`}>
            <ChartShapes layout={layout} marks={marks} />
          </g>
        </svg>
      </div>
      <ChartMinimap layout={layout} view={view} extent={extent} lit={marks.lit} show={show} />
    </div>
  );
}

/** Where the actor is; of a chart of all of them, where it begins. */
function focusOf({ graph, boxes }: ChartLayout, { lit, onState }: ChartMarks): Point {
  // Of all actors together there is no one place to follow.
  const isOne = onState === undefined;
  const innermost = graph.states.findLast(({ id }) => isOne && id !== '' && lit?.has(id) === true);
  const first = graph.states.find(({ id }) => id === '')?.initial ?? '';
  const { x, y, width, height } = boxes[innermost?.id ?? first] ?? { x: 0, y: 0, width: 0, height: 0 };
  return { x: x + width / 2, y: y + height / 2 };
}

function key(
  event: KeyboardEvent,
  view: Signal<ChartView>,
  show: (next: ChartView) => void,
  zoom: (factor: number) => void,
  showAll: () => void,
): void {
  const moves: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-stepPx, 0],
    ArrowRight: [stepPx, 0],
    ArrowUp: [0, -stepPx],
    ArrowDown: [0, stepPx],
  };
  const move = moves[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (move !== undefined) show(moved(view.peek(), ...move));
  else if (event.key === '+' || event.key === '=') zoom(zoomStep);
  else if (event.key === '-') zoom(1 / zoomStep);
  else if (event.key === '0') showAll();
  else return;
  event.preventDefault();
}

/** One pointer moves the drawing, two of them zoom it. */
function useDragging(view: Signal<ChartView>, show: (next: ChartView) => void) {
  const pointers = useRef(new Map<number, Point>());
  const end = (event: PointerEvent) => void pointers.current.delete(event.pointerId);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button === 0) pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    },
    onPointerMove: (event: PointerEvent) => {
      const before = pointers.current.get(event.pointerId);
      if (before === undefined) return;
      const here = { x: event.clientX, y: event.clientY };
      const frame = event.currentTarget as HTMLElement;
      const [other] = [...pointers.current].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      // A press that has not moved is a click on a state, so the pointer is caught only now.
      if (!frame.hasPointerCapture(event.pointerId)) {
        if (Math.hypot(here.x - before.x, here.y - before.y) < 4) return;
        frame.setPointerCapture(event.pointerId);
      }
      pointers.current.set(event.pointerId, here);
      if (other === undefined) show(moved(view.peek(), before.x - here.x, before.y - here.y));
      else {
        const factor = distance(here, other) / Math.max(1, distance(before, other));
        const { left, top } = frame.getBoundingClientRect();
        show(zoomed(view.peek(), factor, { x: other.x - left, y: other.y - top }));
      }
    },
    onPointerUp: end,
    onPointerCancel: end,
    onLostPointerCapture: end,
  };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function pointIn(element: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top } = element.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}
