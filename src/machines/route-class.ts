import type { Demand } from './placement.ts';

/** What every context holds. */
export const smallTokens = 1_024;

/** Within a class prompts differ in length by a fifth at most: nearly always one fits where the other does. */
const lengthStep = 1.2;

/** Tasks of one class go to the same workers: same type, same kind of request, same model, contexts of about the same size. */
export function routeClassOf(demand: Demand): string {
  const model = demand.fallbackModel ?? demand.model ?? `~${demand.suggestedModel}`;
  const tokens = (demand.promptTokens ?? 0) + demand.answerTokens;
  const length = tokens <= smallTokens ? 0 : Math.ceil(Math.log(tokens / smallTokens) / Math.log(lengthStep));
  return `${demand.taskType} ${demand.requestKind} ${model} ${length} ${demand.numCtx ?? ''}`;
}
