import type { CompletionDelta } from './openai-stream.ts';
import type { ServerAnswer, WrittenCall } from './server-answer.ts';

interface Growing {
  id: string | null;
  name: string;
  readonly pieces: string[];
}

/** The calls of functions in a streamed answer, whose pieces say by a number which call they belong to. */
export class OpenaiCalls {
  readonly #answer: Pick<ServerAnswer, 'weigh'>;
  /** In the order in which they began, by that number. */
  readonly #growing = new Map<unknown, Growing>();
  #last: Growing | undefined;

  /** @param answer whose bound holds for the calls as well */
  constructor(answer: Pick<ServerAnswer, 'weigh'>) {
    this.#answer = answer;
  }

  /** @throws ServerTrouble when the answer has become too large */
  add(delta: CompletionDelta | null | undefined): void {
    for (const { index, id, function: called } of delta?.tool_calls ?? []) {
      const call = this.#callOf(index, id);
      if (id) call.id = id;
      // In one piece at all servers; some send it with each piece.
      if (called?.name) call.name = called.name;
      const piece = called?.arguments ?? '';
      this.#answer.weigh(`${called?.name ?? ''}${piece}`);
      call.pieces.push(piece);
    }
  }

  get all(): readonly WrittenCall[] {
    return [...this.#growing.values()].map(({ id, name, pieces }) => ({
      id,
      name,
      arguments: pieces.join(''),
    }));
  }

  /** Servers that give no number begin a call with an id. */
  #callOf(index: number | null | undefined, id: string | null | undefined): Growing {
    const begun = typeof index === 'number' ? this.#growing.get(index) : id ? undefined : this.#last;
    const call = begun ?? { id: null, name: '', pieces: [] };
    if (begun === undefined) this.#growing.set(index ?? Symbol('call'), call);
    this.#last = call;
    return call;
  }
}
