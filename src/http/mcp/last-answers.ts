/**
 * Answers that are on their way when the pool stops. They are still given, for they say what has become of a task; what
 * comes later is not begun.
 */
export class LastAnswers {
  #open = 0;
  #ending: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  /** Whether nothing is begun any more. */
  get areOver(): boolean {
    return this.#ending !== undefined;
  }

  /** @returns what to call when it was given, or nobody waits for it; a second call changes nothing */
  begin(): () => void {
    this.#open += 1;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#open -= 1;
      if (this.#open === 0) this.#ending?.resolve();
    };
  }

  /** From now on none begins. Resolves when all have been given; a second call returns the same promise. */
  given(): Promise<void> {
    if (this.#ending === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#ending = { promise, resolve };
      if (this.#open === 0) resolve();
    }
    return this.#ending.promise;
  }
}
