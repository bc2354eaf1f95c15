/** What a prompt asks of the models' server, beside an answer that names the operation. */
export interface Work {
  readonly op: string;
  readonly pieces: number;
  /** Before each piece. */
  readonly paceMs: number;
  /** How the first generation goes wrong. */
  readonly trouble: Trouble;
}

const troubles = ['none', 'error', 'cut'] as const;
export type Trouble = (typeof troubles)[number];

export function promptOf({ op, pieces, paceMs, trouble }: Work): string {
  return `Torture ${op}: ${pieces} pieces, one each ${paceMs} ms, trouble ${trouble}. 工房`;
}

/** @throws TypeError for a prompt that is none of these */
export function parseWork(text: string): Work {
  const found = /Torture (\S+): (\d+) pieces, one each (\d+) ms, trouble (\w+)\./.exec(text);
  const trouble = troubles.find((name) => name === found?.[4]);
  if (found === null || trouble === undefined)
    throw new TypeError(`not a prompt of this run: ${text.slice(0, 200)}`);
  return { op: found[1] ?? '', pieces: Number(found[2]), paceMs: Number(found[3]), trouble };
}
