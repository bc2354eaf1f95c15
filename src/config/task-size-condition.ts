type ComparisonOperator = '<' | '<=' | '>' | '>=' | '==';

/** A comparison of the characters of a prompt with `value`. */
export interface TaskSizeCondition {
  readonly operator: ComparisonOperator;
  readonly value: number;
}

/** What a condition of `auto_select` looks like: `task_size < 100`. */
export const conditionShape = /^\s*task_size\s*(<=|>=|==|<|>)\s*(\d+)\s*$/;

/** Reads a condition that has the shape above. */
export function parseCondition(text: string): TaskSizeCondition {
  const [, operator, value] = conditionShape.exec(text) ?? [];
  if (operator === undefined) throw new TypeError(`not a condition on task_size: ${text}`);
  return { operator: operator as ComparisonOperator, value: Number(value) };
}
