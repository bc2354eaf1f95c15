import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { language } from './language.ts';
import { theme } from './theme.ts';

const heightPx = 200;

/** Colours of the theme in force, for what is drawn on a canvas. */
export interface Palette {
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly accent: string;
  readonly good: string;
  readonly wait: string;
}

export interface PlotProps {
  /** Read aloud in the place of the picture. */
  readonly label: string;
  readonly data: uPlot.AlignedData;
  readonly options: (palette: Palette) => Omit<uPlot.Options, 'width' | 'height'>;
}

/** A chart that fits its place and follows the theme. */
export function Plot({ label, data, options }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const look = `${theme.value} ${language.value}`;
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const width = () => Math.max(200, element.clientWidth);
    const made = new uPlot(
      { legend: { show: false }, ...options(paletteOf(element)), width: width(), height: heightPx },
      data,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: width(), height: heightPx }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [look]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={place} class="plot" role="img" aria-label={label} />;
}

function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of('ink'),
    quiet: of('quiet'),
    line: of('line'),
    accent: of('accent'),
    good: of('good'),
    wait: of('wait'),
  };
}

/** An axis in the colours of the page. */
export function axisOf({ quiet, line }: Palette, more: Partial<uPlot.Axis> = {}): uPlot.Axis {
  return {
    stroke: quiet,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1 },
    font: '12px system-ui, sans-serif',
    ...more,
  };
}
