import type { ReportBlock } from '../../runtime/report.ts';
import type { DiagramNode } from '../../runtime/report-diagrams.ts';
import { diagramFontPx, layoutOf, type PlacedEdge, type PlacedNode } from './report-diagram-layout.ts';
import { reportWords } from './report-words.ts';
import { ScrollBox } from './scroll-box.tsx';

/** Boxes and the ways between them, and the same as text for those who do not see them. */
export function Diagram({ block }: { block: Extract<ReportBlock, { kind: 'diagram' }> }) {
  const { title, source } = block;
  const { width, height, nodes, edges } = layoutOf(block);
  return (
    <figure class="report-diagram">
      <figcaption>{title}</figcaption>
      <ScrollBox label={title}>
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
          <defs>
            <marker
              id="report-tip"
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path d="M0 0.5 L8 4 L0 7.5 Z" />
            </marker>
          </defs>
          {edges.map((way) => (
            <Way key={`${way.edge.from} ${way.edge.to}`} way={way} />
          ))}
          {nodes.map((placed) => (
            <Box key={placed.node.id} placed={placed} />
          ))}
        </svg>
      </ScrollBox>
      <details>
        <summary>{reportWords.value.source}</summary>
        <pre>{source}</pre>
      </details>
    </figure>
  );
}

function Box({ placed: { node, text, x, y, width, height } }: { placed: PlacedNode }) {
  return (
    <g class="report-box">
      <rect x={x} y={y} width={width} height={height} rx={roundness[node.shape](height)} />
      {node.shape === 'double' && <path d={`M${x + 5} ${y}v${height}M${x + width - 5} ${y}v${height}`} />}
      {node.shape === 'store' && <path d={`M${x + 2} ${y + 4}q${width / 2 - 2} 6 ${width - 4} 0`} />}
      <text
        x={x + width / 2}
        y={y + height / 2 + diagramFontPx * (node.shape === 'store' ? 0.5 : 0.36)}
        font-size={diagramFontPx}
        text-anchor="middle"
      >
        {text}
        <title>{node.label}</title>
      </text>
    </g>
  );
}

const roundness: Readonly<Record<DiagramNode['shape'], (height: number) => number>> = {
  box: () => 5,
  round: (height) => height / 2,
  double: () => 0,
  store: () => 9,
};

function Way({ way: { edge, points, label } }: { way: PlacedEdge }) {
  return (
    <g class="report-way">
      <polyline points={points.map((point) => point.join()).join(' ')} marker-end="url(#report-tip)" />
      {edge.label !== '' && (
        <text x={label[0]} y={label[1] - 7} font-size={diagramFontPx} text-anchor="middle">
          {edge.label}
        </text>
      )}
    </g>
  );
}
