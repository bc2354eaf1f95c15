import { Piscina } from 'piscina';
import { KoubouError } from '../machines/errors.ts';
import { limits } from '../machines/limits.ts';
import type { AnswerOf, ListQuery } from './list-queries.ts';

/** Reads that may be long, away from the loop that hands out tasks. */
export interface Readers {
  /** @throws KoubouError `rate.limited` when too many reads wait */
  read<Q extends ListQuery>(query: Q, signal?: AbortSignal): Promise<AnswerOf<Q>>;
  close(): Promise<void>;
}

/** A thread without work ends after this, in ms: most servers are asked for lists now and then. */
const idleTimeoutMs = 30_000;

/** From source, the compiled thread is used: Node runs no TypeScript. */
const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/db/reader-thread.js' : './reader-thread.js',
  import.meta.url,
);

export function openReaders(path: string): Readers {
  const threads = new Piscina({
    filename: threadFile.href,
    workerData: { path },
    minThreads: 0,
    maxThreads: limits.readersMax,
    maxQueue: limits.readsQueuedMax,
    idleTimeout: idleTimeoutMs,
    concurrentTasksPerWorker: 1,
  });
  return {
    read: async (query, signal) => {
      if (threads.queueSize >= limits.readsQueuedMax) {
        throw new KoubouError('rate.limited', 'too many lists are being read; try again', {
          retryAfterMs: 1_000,
        });
      }
      return threads.run(query, signal === undefined ? {} : { signal });
    },
    close: () => threads.destroy(),
  };
}
