/**
 * Writes GGUF version 3, the file format of llama.cpp: a header, key-value metadata, a table of tensors, their data.
 * The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */

const alignment = 32;
const valueTypes = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 };
const tensorTypeF32 = 0;

const uint32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

const uint64 = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

const float32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};

const string = (text) => Buffer.concat([uint64(Buffer.byteLength(text)), Buffer.from(text)]);

// None of our signed numbers is negative, so their bytes are those of unsigned ones.
const encoders = { uint32, int32: uint32, float32, string, bool: (value) => Buffer.of(value ? 1 : 0) };

/** A typed metadata value, for example `value('uint32', 2)`. */
export function value(type, content) {
  return Buffer.concat([uint32(valueTypes[type]), encoders[type](content)]);
}

/** A typed metadata array. */
export function values(type, contents) {
  const items = contents.map((content) => encoders[type](content));
  return Buffer.concat([uint32(valueTypes.array), uint32(valueTypes[type]), uint64(items.length), ...items]);
}

/**
 * The bytes of a file.
 * @param {Record<string, Buffer>} metadata made by `value` and `values`
 * @param {{ name: string, dimensions: number[], data: Float32Array }[]} tensors dimensions innermost first
 */
export function encodeGguf(metadata, tensors) {
  const entries = Object.entries(metadata);
  const parts = [Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(entries.length)];
  for (const [key, encoded] of entries) parts.push(string(key), encoded);
  let offset = 0;
  for (const { name, dimensions, data } of tensors) {
    parts.push(string(name), uint32(dimensions.length), ...dimensions.map(uint64));
    parts.push(uint32(tensorTypeF32), uint64(offset));
    offset += aligned(data.byteLength);
  }
  const data = tensors.map((tensor) => padded(Buffer.from(tensor.data.buffer)));
  return Buffer.concat([padded(Buffer.concat(parts)), ...data]);
}

function aligned(length) {
  return Math.ceil(length / alignment) * alignment;
}

function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}
