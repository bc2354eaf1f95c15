const secretName = /(?:token|authorization|api[_-]?key|password|secret|cookie)$/i;
/** A line that may hold a secret: a key of such a name, in JSON or in JSON within a text, or credentials in prose. */
const suspicious = /(?:token|authorization|api[_-]?key|password|secret|cookie)\\*"\s*:|bearer\s/i;
const credentials = /\b(bearer)\s+[\w.~+/=-]+/gi;
const keyInText =
  /("[\w-]*(?:token|authorization|api[_-]?key|password|secret|cookie)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi;
const mark = '[Redacted]';

/**
 * Takes tokens and Authorization headers out of a log line, at whatever depth and in whatever case they stand.
 *
 * It reads the finished line, and parses only those that look suspicious: pino's own `redact` with paths for all depths
 * takes 65 µs a line (plain: 2 µs), and knows neither arrays at any depth nor other spellings.
 */
export function withoutSecrets(line: string): string {
  if (!suspicious.test(line)) return line;
  try {
    return `${JSON.stringify(redact(JSON.parse(line)))}\n`;
  } catch {
    return redactText(line); // Not JSON: no line of ours, but no reason to show what it holds.
  }
}

function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretName.test(name) && inner !== null ? mark : redact(inner),
    ]),
  );
}

function redactText(text: string): string {
  return text.replace(credentials, `$1 ${mark}`).replace(keyInText, `$1"${mark}"`);
}
