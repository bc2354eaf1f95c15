import { ResourceTemplate, UriTemplate } from '@modelcontextprotocol/server';
import { mcpLimits } from '../../machines/mcp-limits.ts';

type Callbacks = ConstructorParameters<typeof ResourceTemplate>[1];

/**
 * A template whose query may be there or not, in any order; the library's own wants all of it as it is written. It also
 * refuses what is too long without throwing: such a URI names nothing here.
 */
class PatientTemplate extends UriTemplate {
  readonly #path: RegExp;
  readonly #names: readonly string[];
  readonly #options: readonly string[];

  constructor(template: string) {
    super(template);
    const [path = '', query = ''] = template.split('{?');
    this.#names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
    this.#path = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '([^/?#]+)')}$`);
    this.#options = query.replace('}', '').split(',');
  }

  override match(uri: string): Record<string, string> | null {
    if (uri.length > mcpLimits.uriCharsMax) return null;
    const at = uri.indexOf('?');
    const values = this.#path.exec(at < 0 ? uri : uri.slice(0, at));
    if (values === null) return null;
    const found = this.#names.map((name, place) => [name, decoded(values[place + 1] as string)]);
    const query = at < 0 ? [] : [...new URLSearchParams(uri.slice(at + 1))];
    if (query.some(([name]) => !this.#options.includes(name))) return null;
    return Object.fromEntries([...query, ...found]);
  }
}

export function resourceTemplate(template: string, callbacks: Callbacks): ResourceTemplate {
  return new ResourceTemplate(new PatientTemplate(template), callbacks);
}

/** As it was sent where that is no encoding of anything. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
