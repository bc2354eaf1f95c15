/**
 * Does what the parent of this process asks over IPC, each call by its name, and says that it is there. Without a parent
 * there is nobody to measure for, and it ends.
 *
 * @param {Record<string, (input: any) => unknown>} calls
 */
export function answerCalls(calls) {
  process.on('message', async ({ id, call, input }) => {
    try {
      process.send?.({ id, result: (await calls[call](input)) ?? null });
    } catch (error) {
      process.send?.({ id, fault: String(error?.stack ?? error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ id: 0 });
}

/** Executions that do nothing, or never end for the type that `hang` names; whoever measures is told of each that begins. */
export function emptyExecutions(hang) {
  let tellExecute = () => {};
  return {
    execute: (type) => {
      tellExecute(type);
      return type === hang ? new Promise(() => {}) : Promise.resolve();
    },
    onExecute: (listener) => {
      tellExecute = listener;
    },
  };
}
