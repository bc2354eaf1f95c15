import { escaped } from './svg-text.mjs';
import { figure } from './table.mjs';

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number} value
 * @property {number} low of the rounds
 * @property {number} high
 * @property {boolean} isOurs
 *
 * @typedef {object} Panel
 * @property {string} title with the unit, and which way is better
 * @property {readonly Bar[]} bars
 */

const width = 860;
const labelWidth = 230;
const figureWidth = 90;
const barHeight = 18;
const lineHeight = 24;
const titleHeight = 44;
const margin = 16;

const style = `
  .page { fill: #ffffff } .text { fill: #1f2328 } .quiet { fill: #59636e } .spread { stroke: #1f2328 }
  .theirs { fill: #8c959f } .ours { fill: #0969da }
  text { font: 13px system-ui, sans-serif } .title { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #f0f6fc } .quiet { fill: #9198a1 } .spread { stroke: #f0f6fc }
    .theirs { fill: #656c76 } .ours { fill: #4493f8 }
  }`;

/**
 * Bars side by side in panels, each with a scale of its own from zero, the spread of the rounds as a line. A figure of each
 * bar stands beside it, so that nothing rests on length or colour alone.
 *
 * @param {{ title: string, note: string, panels: readonly Panel[] }} chart
 * @returns {string} an SVG document, for light and dark pages
 */
export function barChart({ title, note, panels }) {
  let y = 64;
  const drawn = [];
  for (const panel of panels) {
    drawn.push(`<text class="text title" x="${margin}" y="${y + 26}">${escaped(panel.title)}</text>`);
    y += titleHeight;
    const longest = Math.max(...panel.bars.map(({ value, high }) => Math.max(value, high)));
    for (const bar of panel.bars) {
      drawn.push(drawBar(bar, y, longest));
      y += lineHeight;
    }
  }
  const height = y + margin;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${style}
</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="text title" x="${margin}" y="30">${escaped(title)}</text>
<text class="quiet" x="${margin}" y="52">${escaped(note)}</text>
${drawn.join('\n')}
</svg>
`;
}

/** @param {Bar} bar */
function drawBar({ label, value, low, high, isOurs }, y, longest) {
  const room = width - labelWidth - figureWidth - 2 * margin;
  const at = (of) => round((of / longest) * room);
  const x = margin + labelWidth;
  const middle = y + barHeight / 2;
  const end = x + Math.max(at(value), at(high), 1);
  return [
    `<text class="text${isOurs ? ' title' : ''}" x="${x - 8}" y="${middle + 5}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${isOurs ? 'ours' : 'theirs'}" x="${x}" y="${y}" width="${Math.max(at(value), 1)}" height="${barHeight}"/>`,
    `<line class="spread" x1="${x + at(low)}" x2="${x + at(high)}" y1="${middle}" y2="${middle}"/>`,
    `<text class="text" x="${end + 8}" y="${middle + 5}">${figure(value)}</text>`,
  ].join('');
}

const round = (value) => Number(value.toFixed(1));
