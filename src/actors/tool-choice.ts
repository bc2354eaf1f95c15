import type { ChatRequest, ChatTool, ModelRequest } from '../machines/model-request.ts';

/** The functions that a model is to be told of: all, none, or the one that it must call. */
export function offeredTools(request: ModelRequest | null): readonly ChatTool[] {
  if (request?.kind !== 'chat' || request.toolChoice === 'none') return [];
  const { tools = [], toolChoice: choice } = request;
  return typeof choice === 'object' ? tools.filter(({ name }) => name === choice.name) : tools;
}

/** Why nobody could do as the choice says, in one sentence; `null` where somebody could. */
export function impossibleChoice(request: ChatRequest): string | null {
  const { toolChoice } = request;
  if (toolChoice === undefined || toolChoice === 'auto' || toolChoice === 'none') return null;
  if (offeredTools(request).length > 0) return null;
  return toolChoice === 'required'
    ? 'The tool choice is "required", but no tools are given: give some, or leave the choice out.'
    : 'The tool choice names a function that is none of the tools: name one of them.';
}

/** What a model has left undone that was told to call a function, in one sentence; `null` where nothing is missing. */
export function missingCall(
  request: ModelRequest | null,
  calls: readonly { readonly name: string }[],
): string | null {
  if (request?.kind !== 'chat') return null;
  const { toolChoice } = request;
  if (toolChoice === undefined || toolChoice === 'auto' || toolChoice === 'none') return null;
  if (toolChoice === 'required') {
    return calls.length > 0 ? null : 'The model answered without calling a tool, although it was told to.';
  }
  return calls.some(({ name }) => name === toolChoice.name)
    ? null
    : 'The model did not call the tool that it was told to call.';
}
