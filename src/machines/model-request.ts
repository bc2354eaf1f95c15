/**
 * What a client asked a model for in the model's own terms, where that is more than one prompt. It is kept with the task,
 * so that each attempt asks the same; backends translate it into the words of their servers.
 */
export type ModelRequest = ChatRequest | CompletionRequest | EmbeddingRequest;

/** A conversation that the model is to go on with. The task's prompt is what was said last. */
export interface ChatRequest {
  readonly kind: 'chat';
  /** At least one. */
  readonly messages: readonly ChatMessage[];
  /** Functions that the model may call instead of answering, as JSON schemas. */
  readonly tools?: readonly ChatTool[];
  /** Whether it must call one: `auto` where nothing is said, or the name of the one. */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string };
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Pictures, base64 without a prefix. */
  readonly images?: readonly string[];
  /** What the assistant called. */
  readonly toolCalls?: readonly ToolCall[];
  /** Of a `tool` message: the call that it answers, and the function's name where that is known. */
  readonly toolCallId?: string;
  readonly toolName?: string;
}

export interface ChatTool {
  readonly name: string;
  readonly description?: string;
  /** JSON schema of its arguments. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text of an object, as the model wrote it. */
  readonly arguments: string;
}

/** What a model answered beside its text. */
export interface ModelReply {
  readonly toolCalls?: readonly ToolCall[];
  /** What it thought before it answered, where its server tells. */
  readonly thinking?: string;
}

/** What an answer must look like: any JSON object, or one that a JSON schema allows. */
export type AnswerFormat = 'json' | Readonly<Record<string, unknown>>;

/** One prompt, with what Ollama's `/api/generate` and OpenAI's `/v1/completions` let be said beside it. */
export interface CompletionRequest {
  readonly kind: 'completion';
  readonly system?: string;
  readonly template?: string;
  /** What stands behind the gap that is to be filled. */
  readonly suffix?: string;
  /** The prompt goes to the model as it is, without its template. */
  readonly raw?: boolean;
  /** Pictures, base64 without a prefix. */
  readonly images?: readonly string[];
}

/** Vectors instead of text. The output of such a task is a JSON array of arrays of numbers, one for each input. */
export interface EmbeddingRequest {
  readonly kind: 'embedding';
  /** At least one, none empty. */
  readonly inputs: readonly string[];
  readonly dimensions?: number;
}

/** What must be understood by a backend that is given a task: `text` is one plain prompt. */
export type RequestKind = 'text' | ModelRequest['kind'];

export const requestKinds = [
  'text',
  'chat',
  'completion',
  'embedding',
] as const satisfies readonly RequestKind[];

/** What a model is asked for in plain words, as far as it is text: what its length is estimated by. */
export function textOfRequest(request: ModelRequest): string {
  switch (request.kind) {
    case 'chat': {
      const said = request.messages.map(({ content, toolCalls = [] }) =>
        [content, ...toolCalls.map((call) => call.arguments)].join('\n'),
      );
      return [...said, ...(request.tools ?? []).map((tool) => JSON.stringify(tool))].join('\n');
    }
    case 'completion':
      return [request.system, request.suffix].filter((text) => text !== undefined).join('\n');
    case 'embedding':
      // Each is read by itself.
      return request.inputs.reduce((longest, input) => (input.length > longest.length ? input : longest));
  }
}
