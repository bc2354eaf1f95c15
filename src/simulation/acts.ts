/** What takes place in a world of all that is drawn there. An act is named by its purpose and its key: `task 12`. */
export interface Acts {
  takesPlace(act: string): boolean;
}

export const everyAct: Acts = { takesPlace: () => true };

/** Lets these acts take place and no others, and notes which of them came. */
export class ChosenActs implements Acts {
  /** In the order in which they came first. */
  readonly came = new Set<string>();
  readonly #chosen: ReadonlySet<string> | undefined;

  /** @param chosen all that come, where nothing is said */
  constructor(chosen?: ReadonlySet<string>) {
    this.#chosen = chosen;
  }

  takesPlace(act: string): boolean {
    if (this.#chosen?.has(act) === false) return false;
    this.came.add(act);
    return true;
  }
}
