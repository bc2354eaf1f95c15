/** So much of another program's own words goes into a message. */
const quoteCharsMax = 200;

/** Looking for the prompt in somebody's words: any echo of `window + step` characters or more is found. */
const echo = { windowChars: 16, stepChars: 8 } as const;

/** Absolute paths of two names and more; a URL's path and a relative one are none. */
const absolutePath = /(?<![\w/.~\]])(?:\/[^\s/'"`:,;()<>]+){2,}\/?/g;

/**
 * The first line of what another program said, for the end of a sentence: `: its words`, or nothing. Messages go to logs and
 * to people who may not read the task, hence nothing where the prompt is repeated, and of a path its last name alone.
 */
export function quoted(words: string, prompt: string): string {
  const line = withoutFolders(words.trim().split(/[\r\n]/, 1)[0] ?? '')
    .slice(0, quoteCharsMax)
    .replace(/[\s.]+$/, '');
  return line === '' || echoes(line, prompt.trim()) ? '' : `: ${line}`;
}

function withoutFolders(line: string): string {
  return line.replace(absolutePath, (path) => path.split('/').filter(Boolean).at(-1) ?? '');
}

function echoes(line: string, prompt: string): boolean {
  if (prompt.length <= echo.windowChars) return prompt !== '' && line.includes(prompt);
  for (let start = 0; start + echo.windowChars <= line.length; start += echo.stepChars) {
    if (prompt.includes(line.slice(start, start + echo.windowChars))) return true;
  }
  return false;
}
