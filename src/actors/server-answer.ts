import { answerLimits } from '../machines/answer-limits.ts';
import { limits } from '../machines/limits.ts';
import { linkLimits } from '../machines/link-limits.ts';
import type { ModelReply, ToolCall } from '../machines/model-request.ts';
import { failed, type Outcome, retry, type Usage } from '../machines/outcome.ts';
import type { Job, JobIo } from './execution.ts';
import { type Asked, garbageTrouble, ServerTrouble, tooLarge } from './server-errors.ts';
import { parseObject } from './server-stream.ts';
import { missingCall, offeredTools } from './tool-choice.ts';

/** A call of a function as a server told it. */
export interface WrittenCall {
  /** `null` where the server gives none. */
  readonly id: string | null;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** How a generation has ended in order. */
export interface AnswerEnd {
  readonly usage: Usage;
  /** Completes "model at address …" for an answer with nothing in it. */
  readonly emptyBecause: string;
}

/** An answer as it comes in. Text is passed on piece by piece; all parts together are bounded. */
export class ServerAnswer {
  readonly #asked: Asked;
  readonly #job: Job;
  readonly #io: JobIo;
  readonly #texts: string[] = [];
  readonly #thoughts: string[] = [];
  #bytes = 0;

  constructor(asked: Asked, job: Job, io: JobIo) {
    this.#asked = asked;
    this.#job = job;
    this.#io = io;
  }

  get hasThought(): boolean {
    return this.#thoughts.length > 0;
  }

  get hasText(): boolean {
    return this.#texts.some((text) => text.trim() !== '');
  }

  /** @throws ServerTrouble when the answer grows beyond `limits.outputBytesMax` */
  text(piece: string): void {
    if (piece === '') return;
    this.weigh(piece);
    this.#texts.push(piece);
    this.#io.onText(piece);
  }

  /** @throws ServerTrouble as {@link text} does */
  thought(piece: string): void {
    if (piece === '') return;
    this.weigh(piece);
    this.#thoughts.push(piece);
  }

  /** Counts what is neither text nor thought. @throws ServerTrouble as {@link text} does */
  weigh(piece: string): void {
    this.#bytes += Buffer.byteLength(piece);
    if (this.#bytes > limits.outputBytesMax) throw new ServerTrouble(tooLarge(this.#asked));
  }

  /**
   * What a regular end means. Calls of functions are an answer too; those of a model that was offered none are not.
   *
   * @throws ServerTrouble for calls that are none
   */
  end(written: readonly WrittenCall[], { usage, emptyBecause }: AnswerEnd): Outcome {
    const { request } = this.#job;
    const calls = offeredTools(request).length === 0 ? [] : this.#checked(written, usage);
    const missing = missingCall(request, calls);
    if (missing !== null) return failed('output.invalid', missing);
    if (!this.hasText && calls.length === 0) {
      return retry('backend.empty', `${this.#asked.model} at ${this.#asked.address} ${emptyBecause}`);
    }
    const reply: ModelReply = {
      ...(calls.length > 0 && { toolCalls: calls }),
      ...(this.hasThought && { thinking: this.#thoughts.join('') }),
    };
    const output = this.#texts.join('');
    return {
      kind: 'succeeded',
      output,
      usage,
      ...(Object.keys(reply).length > 0 && { reply }),
    };
  }

  #checked(written: readonly WrittenCall[], { doneReason }: Usage): readonly ToolCall[] {
    if (written.length > answerLimits.toolCallsMax) {
      throw garbageTrouble(this.#asked, `called more than ${answerLimits.toolCallsMax} tools at once`);
    }
    const ids = new Set<string>();
    return written.map((call, index) => {
      const { name } = call;
      if (name === '' || name.length > linkLimits.nameCharsMax) {
        throw garbageTrouble(this.#asked, 'called a tool without a name that could be one');
      }
      // Some servers write nothing for a function without arguments.
      const args = call.arguments.trim() === '' ? '{}' : call.arguments;
      if (parseObject(args) === undefined) throw this.#brokenArguments(doneReason);
      const given = call.id !== null && isIdentifier(call.id) && !ids.has(call.id) ? call.id : null;
      const id = given ?? `call_${this.#job.assignmentId}_${index}`;
      ids.add(id);
      return { id, name, arguments: args };
    });
  }

  #brokenArguments(doneReason: string | null): ServerTrouble {
    if (doneReason !== 'length') {
      return garbageTrouble(this.#asked, 'called a tool with arguments that are not a JSON object');
    }
    return new ServerTrouble(
      failed(
        'output.invalid',
        `${this.#asked.model} used up its tokens in the middle of a tool call: raise num_predict or num_ctx.`,
      ),
    );
  }
}

function isIdentifier(id: string): boolean {
  return id !== '' && id.length <= linkLimits.nameCharsMax;
}
