import { type ConfigProblem, describeFoundAt, formatPath } from './problem.ts';
import type { YamlSource } from './yaml-source.ts';

interface Fault {
  readonly expected: string;
  /** The value that stands here, unless said otherwise. */
  readonly found?: string;
  /** `expected …, found …`, unless said otherwise. */
  readonly fault?: string;
  readonly hint?: string | null;
}

/**
 * A value of a file that knows where it stands. Checks of one setting against another walk over places, not over parsed
 * settings, so that they also speak when something else in the same file is wrong.
 */
export class Place {
  readonly source: YamlSource;
  readonly path: readonly PropertyKey[];
  /** `undefined` where the file says nothing, or holds a collection of another kind on the way. */
  readonly value: unknown;

  constructor(source: YamlSource, value: unknown, path: readonly PropertyKey[] = []) {
    this.source = source;
    this.value = value;
    this.path = path;
  }

  at(...steps: readonly PropertyKey[]): Place {
    return new Place(this.source, valueAt(this.value, steps), [...this.path, ...steps]);
  }

  /** The entries of a list; none when it is no list. */
  items(): readonly Place[] {
    return Array.isArray(this.value) ? this.value.map((_, index) => this.at(index)) : [];
  }

  /** The keys of a mapping; none when it is no mapping. */
  keys(): readonly string[] {
    const isMapping = typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value);
    return isMapping ? Object.keys(this.value) : [];
  }

  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  get number(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined;
  }

  /** What was found, with the variable that it came from. */
  get found(): string {
    const written = valueAt(this.source.data, this.path);
    const found = describeFoundAt(this.path, this.value);
    const fromVariable = typeof written === 'string' && written !== this.value && this.value !== undefined;
    return fromVariable ? `${found} (from ${written})` : found;
  }

  /** A problem with the value, or with the key, that stands here. */
  problem(part: 'key' | 'value', { expected, found = this.found, fault, hint = null }: Fault): ConfigProblem {
    return {
      file: this.source.file,
      ...this.source.locate(this.path, part),
      path: formatPath(this.path),
      fault: fault ?? `expected ${expected}, found ${found}`,
      expected,
      found,
      hint,
    };
  }
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    return Reflect.get(value, step);
  }, root);
}
