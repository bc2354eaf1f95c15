import type { ChartLayout } from '../../chart-drawing.ts';
import { mermaidOf } from '../../chart-mermaid.ts';

/** What the page's style sheet says of shapes, which a picture of its own has to say itself. */
const styled = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'font-family',
  'font-weight',
  'font-size',
] as const;
const svgName = 'http://www.w3.org/2000/svg';
/** Twice as many dots as the screen has, so that it can be printed. */
const pngScale = 2;

/** The chart as it is drawn now, marks included, as a picture that stands by itself. */
function svgTextOf(drawn: SVGElement, { width, height }: ChartLayout): string {
  const copy = drawn.cloneNode(true) as SVGElement;
  inline(drawn, copy);
  const svg = document.createElementNS(svgName, 'svg');
  svg.setAttribute('xmlns', svgName);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('width', String(width));
  svg.setAttribute('height', String(height));
  const paper = document.createElementNS(svgName, 'rect');
  paper.setAttribute('width', String(width));
  paper.setAttribute('height', String(height));
  paper.setAttribute('fill', getComputedStyle(document.documentElement).getPropertyValue('--paper'));
  svg.append(paper, copy);
  return new XMLSerializer().serializeToString(svg);
}

export async function saveChart(
  kind: 'svg' | 'png' | 'mermaid',
  drawn: SVGElement,
  layout: ChartLayout,
): Promise<void> {
  const name = `koubou-${layout.graph.machine}`;
  switch (kind) {
    case 'svg':
      return save(`${name}.svg`, new Blob([svgTextOf(drawn, layout)], { type: 'image/svg+xml' }));
    case 'png':
      return save(`${name}.png`, await pngOf(svgTextOf(drawn, layout), layout));
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

function inline(drawn: Element, copy: Element): void {
  const style = getComputedStyle(drawn);
  for (const name of styled) {
    const value = style.getPropertyValue(name);
    if (value !== '') copy.setAttribute(name, value);
  }
  for (const name of ['class', 'role', 'tabindex', 'aria-label']) copy.removeAttribute(name);
  for (const [at, child] of [...drawn.children].entries()) {
    const its = copy.children[at];
    if (its !== undefined) inline(child, its);
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
