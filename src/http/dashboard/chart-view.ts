import type { Frame, Point } from '../../chart-drawing.ts';

/** How a drawing is looked at: its point at the upper left corner of the window, and how large it is shown. */
export interface ChartView {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Smaller, nothing can be read; larger, nothing more is seen. */
const scaleMin = 0.1;
const scaleMax = 3;
/** A drawing that is smaller than its window is not blown up further. */
const fitScaleMax = 1.25;
/** Kept free around what is to be seen. */
const edgePx = 20;
/** Below it, text of 11 px can no longer be guessed. */
const wholeScaleMin = 0.48;
/** At which a part of a drawing is shown. */
const readableScale = 0.85;

/** All of it, in the middle. */
export function fitting(drawing: Extent, window: Extent): ChartView {
  if (window.width === 0 || window.height === 0) return { x: 0, y: 0, scale: 1 };
  const share = Math.min(window.width / drawing.width, window.height / drawing.height, fitScaleMax);
  const scale = within(share);
  return {
    scale,
    x: (drawing.width - window.width / scale) / 2,
    y: (drawing.height - window.height / scale) / 2,
  };
}

/** All of it where it can be read at that size; else a part of it, with what matters in the middle. */
export function beginning(drawing: Extent, focus: Point, window: Extent): ChartView {
  const whole = fitting(drawing, window);
  if (whole.scale >= wholeScaleMin) return whole;
  const near = centred({ ...whole, scale: readableScale }, focus, window);
  // No more than needed of what is beside the drawing.
  const inside = (at: number, seen: number, all: number) =>
    seen >= all ? (all - seen) / 2 : Math.min(Math.max(at, 0), all - seen);
  return {
    scale: readableScale,
    x: inside(near.x, window.width / readableScale, drawing.width),
    y: inside(near.y, window.height / readableScale, drawing.height),
  };
}

/** Larger or smaller, around a point of the window that stays where it is. */
export function zoomed(view: ChartView, factor: number, at: Point): ChartView {
  const scale = within(view.scale * factor);
  return {
    scale,
    x: view.x + at.x / view.scale - at.x / scale,
    y: view.y + at.y / view.scale - at.y / scale,
  };
}

/** Moved by so many px of the window. */
export function moved(view: ChartView, byX: number, byY: number): ChartView {
  return { ...view, x: view.x + byX / view.scale, y: view.y + byY / view.scale };
}

/** With a point of the drawing in the middle of the window. */
export function centred(view: ChartView, { x, y }: Point, window: Extent): ChartView {
  return { ...view, x: x - window.width / view.scale / 2, y: y - window.height / view.scale / 2 };
}

/** Moved no further than it takes to see a box. */
export function showing(view: ChartView, box: Frame, window: Extent): ChartView {
  const shift = (at: number, size: number, from: number, seen: number) => {
    if (at < from) return at - edgePx;
    return at + size > from + seen ? at + size + edgePx - seen : from;
  };
  return {
    ...view,
    x: shift(box.x, box.width, view.x, window.width / view.scale),
    y: shift(box.y, box.height, view.y, window.height / view.scale),
  };
}

function within(scale: number): number {
  return Math.min(scaleMax, Math.max(scaleMin, scale));
}
