type Disposal = () => unknown;

const disposals: Disposal[] = [];

/** Puts something that a test opened on the list that is closed after it, last first. */
export function onDisposal(disposal: Disposal): void {
  disposals.push(disposal);
}

/** Closes what the test opened; what cannot be closed fails the test. */
export async function disposeAll(): Promise<void> {
  const failures: unknown[] = [];
  for (const disposal of disposals.splice(0).reverse()) {
    try {
      await disposal();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'what the test opened could not be closed');
}
