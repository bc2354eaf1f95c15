import type { ChartLayout } from '../../chart-drawing.ts';
import { mermaidOf } from '../../chart-mermaid.ts';
import paint from '../../chart-paint.css?raw';
import type { PictureMarks } from '../../chart-picture.ts';
import { type SvgRequest, svgOf } from '../../chart-svg.ts';
import { chartWords } from './chart-words.ts';
import { theme } from './theme.ts';

/** Twice as many dots as the screen has, so that it can be printed. */
const pngScale = 2;

/** Saves the chart as it is drawn now, marks included: in dark and light, or, where a picture has but one, as the page is. */
export async function saveChart(
  kind: 'svg' | 'png' | 'mermaid',
  layout: ChartLayout,
  marks: PictureMarks,
): Promise<void> {
  const { machine } = layout.graph;
  const { chartOf, anywhere } = chartWords.value;
  const request: SvgRequest = { title: chartOf(machine), paint, marks, anywhere };
  const name = `koubou-${machine}`;
  switch (kind) {
    case 'svg':
      return save(`${name}.svg`, new Blob([svgOf(layout, request)], { type: 'image/svg+xml' }));
    case 'png':
      return save(`${name}.png`, await pngOf(svgOf(layout, { ...request, scheme: theme.value }), layout));
    case 'mermaid':
      return save(`${name}.mmd`, new Blob([`${mermaidOf(layout.graph)}\n`], { type: 'text/plain' }));
  }
}

async function pngOf(svg: string, { width, height }: ChartLayout): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = width * pngScale;
    canvas.height = height * pngScale;
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob === null ? reject(new Error('no picture came of it')) : resolve(blob)));
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}

function save(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download has begun with the click; the address is not needed behind it.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
