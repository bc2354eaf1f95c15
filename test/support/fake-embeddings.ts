/** JSON texts of the vectors that a server gives for some inputs. */
type Vectors = (inputs: readonly string[]) => readonly string[];

/** What a server that is asked for vectors may answer. Infinity is what JSON's `1e999` is read as; NaN it cannot say. */
export const fakeVectors = {
  ok: (inputs) => inputs.map(vectorOf),
  'vectors-few': (inputs) => inputs.slice(1).map(vectorOf),
  'vectors-many': (inputs) => ['one too many', ...inputs].map(vectorOf),
  'vectors-null': (inputs) => inputs.map(() => '[0.5,null]'),
  'vectors-infinite': (inputs) => inputs.map(() => '[0.5,1e999]'),
  'vectors-of-text': (inputs) => inputs.map(() => '["0.5"]'),
  'vectors-empty': (inputs) => inputs.map(() => '[]'),
  'vectors-ragged': (inputs) => inputs.map((_, place) => JSON.stringify(Array(place + 1).fill(0.5))),
} as const satisfies Record<string, Vectors>;

/** Those that are no vectors for the inputs. */
export const brokenVectors = Object.keys(fakeVectors).filter((mode) => mode !== 'ok');

export function isVectorMode(name: string): name is keyof typeof fakeVectors {
  return Object.hasOwn(fakeVectors, name);
}

/** What tells one input from another. */
function vectorOf(input: string): string {
  return JSON.stringify([input.length, (input.codePointAt(0) ?? 0) / 4, -0.25]);
}
