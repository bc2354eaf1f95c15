import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginning, fitting, moved, showing, zoomed } from '../../src/http/dashboard/chart-view.ts';

const drawing = { width: 1_500, height: 900 };
const px = fc.integer({ min: 200, max: 3_000 });
const extents = fc.record({ width: px, height: px });

describe('a window onto a chart', () => {
  test('shows all of it in its middle', () => {
    fc.assert(
      fc.property(extents, (window) => {
        const { x, y, scale } = fitting(drawing, window);
        expect(x).toBeLessThanOrEqual(0.001);
        expect(y).toBeLessThanOrEqual(0.001);
        expect(x + window.width / scale - drawing.width).toBeCloseTo(-x, 6);
        expect(y + window.height / scale - drawing.height).toBeCloseTo(-y, 6);
      }),
    );
  });

  test('keeps the point under the pointer when it zooms, and comes back', () => {
    const at = fc.record({ x: px, y: px });
    fc.assert(
      fc.property(extents, at, fc.double({ min: 0.8, max: 1.3, noNaN: true }), (window, point, factor) => {
        const view = { ...fitting(drawing, window), scale: 1 };
        const near = zoomed(view, factor, point);
        expect(near.x + point.x / near.scale).toBeCloseTo(view.x + point.x, 6);
        expect(zoomed(near, 1 / factor, point).x).toBeCloseTo(view.x, 6);
      }),
    );
  });

  test('never becomes so small or so large that nothing is seen', () => {
    const point = { x: 0, y: 0 };
    const view = fitting(drawing, { width: 1_000, height: 800 });
    expect(zoomed(view, 1e9, point).scale).toBe(3);
    expect(zoomed(view, 1e-9, point).scale).toBe(0.1);
  });

  test('begins on a small screen with what matters, large enough to be read', () => {
    const phone = { width: 366, height: 574 };
    const { x, y, scale } = beginning(drawing, { x: 700, y: 100 }, phone);
    expect(scale).toBeGreaterThan(0.8);
    expect([x < 700 && 700 < x + phone.width / scale, y]).toEqual([true, 0]);
    const desk = { width: 1_228, height: 612 };
    expect(beginning(drawing, { x: 0, y: 0 }, desk)).toEqual(fitting(drawing, desk));
  });

  test('moves by what it was dragged, and no further than a box that gets the focus needs', () => {
    const view = { x: 10, y: 10, scale: 0.5 };
    expect(moved(view, 50, -20)).toEqual({ x: 110, y: -30, scale: 0.5 });
    const window = { width: 500, height: 300 };
    const seen = { x: 100, y: 100, width: 80, height: 40 };
    expect(showing(view, seen, window)).toEqual(view);
    const right = showing(view, { ...seen, x: 1_200 }, window);
    expect(right.x + window.width / view.scale).toBeGreaterThan(1_280);
    expect(right.y).toBe(view.y);
    expect(showing(view, { ...seen, y: -90 }, window).y).toBeLessThan(-90);
  });
});
