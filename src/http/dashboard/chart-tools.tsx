import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import type { ChartLayout } from '../../chart-drawing.ts';
import { saveChart } from './chart-export.ts';
import { chartWords } from './chart-words.ts';
import { shellWords } from './shell-words.ts';

const kinds = [
  ['svg', 'SVG'],
  ['png', 'PNG'],
  ['mermaid', 'Mermaid'],
] as const;

interface ToolsProps {
  readonly layout: ChartLayout;
  readonly frame: RefObject<HTMLElement | null>;
  readonly zoom: (factor: number) => void;
  readonly showAll: () => void;
}

export function ChartTools({ layout, frame, zoom, showAll }: ToolsProps) {
  const words = chartWords.value;
  const fault = useSignal('');
  const save = (kind: (typeof kinds)[number][0]) => {
    const drawn = frame.current?.querySelector<SVGElement>('.chart');
    if (drawn === null || drawn === undefined) return;
    fault.value = '';
    saveChart(kind, drawn, layout).catch((error: unknown) => {
      fault.value = String(error);
    });
  };
  return (
    <div class="bar tools">
      <button type="button" onClick={() => zoom(1.25)} aria-label={words.zoomIn} title={words.zoomIn}>
        +
      </button>
      <button type="button" onClick={() => zoom(0.8)} aria-label={words.zoomOut} title={words.zoomOut}>
        −
      </button>
      <button type="button" onClick={showAll}>
        {words.fit}
      </button>
      <span class="saving">
        {words.save}{' '}
        {kinds.map(([kind, name]) => (
          <button key={kind} type="button" onClick={() => save(kind)}>
            {name}
          </button>
        ))}
      </span>
      {fault.value !== '' && (
        <p class="fault" role="alert">
          {shellWords.value.failed(fault.value)}
        </p>
      )}
    </div>
  );
}
