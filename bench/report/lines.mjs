import { figure } from './table.mjs';

const width = 860;
const panelHeight = 110;
const titleHeight = 30;
const left = 60;
const right = 16;
/** Of a line: more would not be seen, and the file would be long. */
const pointsMax = 400;

const style = `
  .page { fill: #ffffff } .text { fill: #1f2328 } .quiet { fill: #59636e } .axis { stroke: #d1d9e0 }
  .one { stroke: #0969da } .two { stroke: #bc4c00; stroke-dasharray: 6 3 }
  text { font: 12px system-ui, sans-serif } .title { font-weight: 600 } polyline { fill: none; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #f0f6fc } .quiet { fill: #9198a1 } .axis { stroke: #3d444d }
    .one { stroke: #4493f8 } .two { stroke: #db6d28 }
  }`;

/**
 * Lines over time, one panel below the other, each with a scale from zero. The second line of a panel is dashed.
 *
 * @param {{ title: string, seconds: readonly number[], panels: readonly { title: string, lines: readonly (readonly number[])[] }[] }} chart
 *   a line has a value for each of the seconds; one that is no number leaves a gap. Of many the peaks are drawn
 * @returns {string} an SVG document, for light and dark pages
 */
export function lineChart({ title, seconds, panels }) {
  const height = titleHeight + panels.length * (panelHeight + titleHeight) + 30;
  const end = seconds.at(-1) ?? 1;
  const together = Math.ceil(seconds.length / pointsMax);
  const x = (second) => left + (second / end) * (width - left - right);
  const drawn = panels.map((panel, index) => {
    const top = titleHeight + index * (panelHeight + titleHeight) + titleHeight;
    const most = panel.lines.flat().reduce((max, value) => (value > max ? value : max), 0) || 1;
    const y = (value) => top + panelHeight - (value / most) * panelHeight;
    const lines = panel.lines.flatMap((values, which) =>
      runsOf(values).map((run) => {
        const points = peaksOf(run, values, together).map(
          (at) => `${x(seconds[at]).toFixed(1)},${y(values[at]).toFixed(1)}`,
        );
        return `<polyline class="${which === 0 ? 'one' : 'two'}" points="${points.join(' ')}"/>`;
      }),
    );
    return `<text class="text title" x="${left}" y="${top - 8}">${panel.title}</text>
<line class="axis" x1="${left}" x2="${width - right}" y1="${top + panelHeight}" y2="${top + panelHeight}"/>
<text class="quiet" x="${left - 6}" y="${top + 10}" text-anchor="end">${figure(most)}</text>
<text class="quiet" x="${left - 6}" y="${top + panelHeight}" text-anchor="end">0</text>
${lines.join('\n')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">
<style>${style}
</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="text title" x="${left}" y="22">${title}</text>
${drawn.join('\n')}
<text class="quiet" x="${width - right}" y="${height - 10}" text-anchor="end">${figure(end / 60)} minutes</text>
</svg>
`;
}

/** Of so many values at a time the place of the highest: it is peaks that one looks for. */
function peaksOf(run, values, together) {
  return Array.from({ length: Math.ceil(run.length / together) }, (_, at) =>
    run
      .slice(at * together, (at + 1) * together)
      .reduce((highest, place) => (values[place] > values[highest] ? place : highest)),
  );
}

/** Places of values that follow one another without a gap. */
function runsOf(values) {
  const runs = [[]];
  for (const [at, value] of values.entries()) {
    if (Number.isFinite(value)) runs.at(-1).push(at);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}
