import { mcpLimits } from '../../machines/mcp-limits.ts';

/**
 * Requests of the protocol's earlier revisions that are being answered. Each of their messages comes in a request of its
 * own, so that a cancellation has to find the call it means. A session names the client and nothing more: nothing is kept
 * under it when its calls are answered, and one of before a restart is as good as any.
 */
export class OpenCalls {
  readonly #calls = new Map<string, AbortController>();

  /** @returns what ends it, and what to call when it has been answered */
  open(session: string, id: unknown): { readonly signal: AbortSignal; readonly close: () => void } {
    const key = keyOf(session, id);
    const controller = new AbortController();
    if (this.#calls.size < mcpLimits.openCallsMax) this.#calls.set(key, controller);
    const close = () => {
      if (this.#calls.get(key) === controller) this.#calls.delete(key);
    };
    return { signal: controller.signal, close };
  }

  cancel(session: string, id: unknown): void {
    this.#calls.get(keyOf(session, id))?.abort();
  }

  get size(): number {
    return this.#calls.size;
  }
}

function keyOf(session: string, id: unknown): string {
  return `${session} ${JSON.stringify(id)}`;
}
