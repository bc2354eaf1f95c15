import { workerData } from 'node:worker_threads';
import { openReader } from './client.ts';
import { type ListQuery, runListQuery } from './list-queries.ts';

/** One thread of the readers: it has a connection of its own, which can only read. */
const db = openReader((workerData as { path: string }).path);

/** Called by the pool of threads, which asks for a default export. */
// biome-ignore lint/style/noDefaultExport: the interface of a worker of piscina
export default function read(query: ListQuery): unknown {
  return runListQuery(db, query);
}
