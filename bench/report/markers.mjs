/**
 * A text with what stands between two comments, each a line of its own, replaced.
 *
 * @param {string} text
 * @param {string} name
 * @param {string} content
 * @throws RangeError when the comments are not both there
 */
export function between(text, name, content) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new RangeError(`${begin} and ${end} are not both there, in this order`);
  return `${text.slice(0, from + begin.length)}\n${content.trim()}\n${text.slice(to)}`;
}

/** Rows as a table of Markdown, the first of them the heading. @param {readonly (readonly string[])[]} rows */
export function markdownTable([heading = [], ...rows]) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), `|${heading.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
