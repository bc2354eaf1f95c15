/**
 * Text as it may stand in an SVG document, in an element or an attribute.
 *
 * @param {string} text
 */
export function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
