import { escaped } from './svg-text.mjs';

/**
 * @typedef {object} ProfileNode of a .cpuprofile, as V8 writes it
 * @property {number} id
 * @property {{ functionName: string, url: string }} callFrame
 * @property {readonly number[]} [children] ids
 *
 * @typedef {object} Profile
 * @property {readonly ProfileNode[]} nodes
 * @property {readonly number[]} samples ids
 * @property {readonly number[]} timeDeltas µs
 *
 * @typedef {object} Frame
 * @property {string} name
 * @property {string} kind of code, for the colour
 * @property {number} micros with all that it called
 * @property {Map<string, Frame>} calls
 */

const width = 1200;
const rowHeight = 17;
const topHeight = 56;
const margin = 10;
/** Of the whole: below this a frame is no wider than a pixel. */
const shareMin = 0.001;
const deepest = 48;
const letterWidth = 6.4;

const style = `
  .page { fill: #ffffff } text { font: 11px ui-monospace, monospace; fill: #1f2328 } .title { font: 600 14px system-ui, sans-serif }
  .charts { fill: #b6e3ff } .xstate { fill: #ffd8b5 } .sqlite { fill: #aceebb } .db { fill: #d7f5dc } .doors { fill: #ffcecb }
  .node { fill: #e6eaef } .gc { fill: #d0d7de }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #f0f6fc } .charts { fill: #0c4a8a } .xstate { fill: #7a3d0c } .sqlite { fill: #12602b }
    .db { fill: #0f4722 } .doors { fill: #86211d } .node { fill: #30363d } .gc { fill: #484f58 }
  }`;

/** Where the code of a frame is, by its address. The first that fits. */
const kinds = [
  { kind: 'xstate', fits: /node_modules\/xstate\// },
  { kind: 'sqlite', fits: /node_modules\/(better-sqlite3|drizzle-orm)\// },
  { kind: 'doors', fits: /node_modules\/(hono|@hono|zod|ws)\/|\/dist\/http\// },
  { kind: 'db', fits: /\/dist\/db\// },
  { kind: 'charts', fits: /\/dist\// },
];

const legend = [
  ['charts', 'machines, actors, runtime'],
  ['xstate', 'XState'],
  ['db', 'journal and store'],
  ['sqlite', 'SQLite'],
  ['doors', 'HTTP'],
  ['node', 'Node'],
  ['gc', 'garbage collector'],
];

/**
 * A CPU profile as a flame graph: what is above was called by what is below it, and is as wide as it took time. Loading modules
 * and waiting are left out.
 *
 * @param {Profile} profile
 * @param {string} title
 * @returns {string} an SVG document, for light and dark pages
 */
export function flameGraph(profile, title) {
  const root = treeOf(profile);
  const rows = Math.min(deepest, depthOf(root, root.micros * shareMin));
  const height = topHeight + rows * rowHeight + margin;
  const boxes = [];
  draw(root, { x: margin, row: 0, pxPerMicro: (width - 2 * margin) / root.micros, height, boxes });
  const seconds = (root.micros / 1e6).toFixed(1);
  let x = margin;
  const keys = legend.map(([kind, words]) => {
    const key = `<rect class="${kind}" x="${x}" y="32" width="12" height="12"/><text x="${x + 17}" y="42">${words}</text>`;
    x += 34 + words.length * letterWidth;
    return key;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${style}
</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="${margin}" y="20">${escaped(title)}: ${seconds} s of work</text>
${keys.join('\n')}
${boxes.join('\n')}
</svg>
`;
}

/** @param {Profile} profile @returns {Frame} */
function treeOf({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const root = frameOf('all', 'node');
  for (const [place, id] of samples.entries()) {
    const stack = stackOf(id, byId, parents);
    if (stack === undefined) continue;
    const micros = timeDeltas[place] ?? 0;
    root.micros += micros;
    let frame = root;
    for (const { name, kind } of stack) {
      let next = frame.calls.get(name);
      if (next === undefined) {
        next = frameOf(name, kind);
        frame.calls.set(name, next);
      }
      next.micros += micros;
      frame = next;
    }
  }
  return root;
}

/** @param {string} name @param {string} kind @returns {Frame} */
function frameOf(name, kind) {
  return { name, kind, micros: 0, calls: new Map() };
}

/**
 * From the outermost frame in.
 *
 * @param {number} id
 * @param {ReadonlyMap<number, ProfileNode>} byId
 * @param {ReadonlyMap<number, number>} parents
 * @returns {readonly { name: string, kind: string }[] | undefined} nothing for what is no work of the system
 */
function stackOf(id, byId, parents) {
  const stack = [];
  for (let at = /** @type {number | undefined} */ (id); at !== undefined; at = parents.get(at)) {
    const { functionName, url } = /** @type {ProfileNode} */ (byId.get(at)).callFrame;
    if (functionName === '(idle)' || /^node:internal\/modules\//.test(url)) return undefined;
    if (functionName === '(root)') continue;
    const kind =
      functionName === '(garbage collector)'
        ? 'gc'
        : (kinds.find(({ fits }) => fits.test(url))?.kind ?? 'node');
    // Chunks of XState are named by hashes.
    const file =
      kind === 'xstate'
        ? kind
        : (url
            .split('/')
            .at(-1)
            ?.replace(/\.[cm]?js$/, '') ?? '');
    stack.unshift({ name: `${functionName || '(anonymous)'}${file === '' ? '' : ` · ${file}`}`, kind });
  }
  return stack;
}

/** @param {Frame} frame @param {number} microsMin @returns {number} */
function depthOf({ calls, micros }, microsMin) {
  if (micros < microsMin) return 0;
  return 1 + Math.max(0, ...[...calls.values()].map((call) => depthOf(call, microsMin)));
}

/**
 * @param {Frame} frame
 * @param {{ x: number, row: number, pxPerMicro: number, height: number, boxes: string[] }} at
 */
function draw({ name, kind, micros, calls }, { x, row, pxPerMicro, height, boxes }) {
  const wide = micros * pxPerMicro;
  if (wide < width * shareMin || row >= deepest) return;
  const y = height - margin - (row + 1) * rowHeight;
  const percent = ((wide / (width - 2 * margin)) * 100).toFixed(1);
  const letters = Math.floor((wide - 4) / letterWidth);
  const label =
    letters < 4
      ? ''
      : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(name.slice(0, letters))}</text>`;
  boxes.push(
    `<g><title>${escaped(name)}: ${percent} %</title><rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, wide - 0.5).toFixed(1)}" height="${rowHeight - 1}"/>${label}</g>`,
  );
  let left = x;
  for (const call of [...calls.values()].sort((a, b) => b.micros - a.micros)) {
    draw(call, { x: left, row: row + 1, pxPerMicro, height, boxes });
    left += call.micros * pxPerMicro;
  }
}
