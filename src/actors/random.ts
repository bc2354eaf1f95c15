import { randomBytes } from 'node:crypto';

/** The one source of chance. Simulations give a seeded one. */
export interface Random {
  /** Uniform in [0, 1). `purpose` and `key` name the draw, so that a seeded source can answer each the same for ever. */
  draw(purpose: string, key: string | number): number;
  /** `length` characters of 0-9 and a-z that nobody can guess. */
  suffix(length: number): string;
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
/** The largest multiple of 36 in a byte: bytes above it would favour the first letters. */
const fairBytes = 252;

/** Bytes are drawn in blocks, since one system call for each id is the dearest part of making one. */
function blockOfBytes(): () => number {
  let block = randomBytes(4_096);
  let at = 0;
  return () => {
    if (at === block.length) {
      block = randomBytes(4_096);
      at = 0;
    }
    return block[at++] as number;
  };
}

export function systemRandom(): Random {
  const nextByte = blockOfBytes();
  return {
    draw: () => Math.random(),
    suffix: (length) => {
      let text = '';
      while (text.length < length) {
        const byte = nextByte();
        if (byte < fairBytes) text += alphabet[byte % 36];
      }
      return text;
    },
  };
}
