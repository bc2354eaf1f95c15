import { useSignal } from '@preact/signals';
import type { ChartLayout } from '../../chart-drawing.ts';
import type { PictureMarks } from '../../chart-picture.ts';
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
  readonly marks: PictureMarks;
  readonly zoom: (factor: number) => void;
  readonly showAll: () => void;
}

export function ChartTools({ layout, marks, zoom, showAll }: ToolsProps) {
  const words = chartWords.value;
  const fault = useSignal('');
  const save = (kind: (typeof kinds)[number][0]) => {
    fault.value = '';
    saveChart(kind, layout, marks).catch((error: unknown) => {
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
