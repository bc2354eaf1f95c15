import type { Context } from 'hono';
import { taskTypeNamed } from '../config/task-types.ts';
import { KoubouError } from '../machines/errors.ts';
import type { IdempotencyKey } from '../runtime/delegation.ts';
import type { Runtime } from '../runtime.ts';
import { idempotencyOf } from './idempotency.ts';

/** What a client of a model's own interface may say about its task, which that interface has no words for. */
export interface FacadeWishes {
  /** 1 to 10; 10 comes first. */
  readonly priority: number;
  readonly taskType: string;
  /** The task goes on when its client goes away. */
  readonly detach: boolean;
  readonly idempotency: IdempotencyKey | null;
}

const priorityByDefault = 5;

/**
 * The wishes of a request: `X-Koubou-Priority`, `X-Koubou-Type`, `X-Koubou-Detach` and `Idempotency-Key`, else the
 * members `priority` and `type` of its metadata, as numbers or as text.
 *
 * Metadata is the client's own, and `type` a common word: one that is no task type is not meant for us. A priority that
 * is none is refused wherever it stands.
 *
 * @param sent the body as it was sent: the same key with another body is a conflict
 * @throws KoubouError `request.invalid`
 */
export function wishesOf(
  c: Context,
  { config }: Pick<Runtime, 'config'>,
  sent: unknown,
  metadata: Readonly<Record<string, unknown>> = {},
): FacadeWishes {
  // The same body means something else at another path.
  const idempotency = idempotencyOf(c, [c.req.path, sent]);
  const { clientGone } = config.server;
  return {
    priority: priorityOf(c.req.header('x-koubou-priority'), metadata['priority']),
    taskType: typeOf(c.req.header('x-koubou-type'), metadata['type'], config.taskTypes),
    // Who names a key means to come back with it: nobody is to find a task that was cancelled since a connection broke.
    detach: switchOf(c.req.header('x-koubou-detach')) ?? (idempotency !== null || clientGone === 'detach'),
    idempotency,
  };
}

function priorityOf(header: string | undefined, inMetadata: unknown): number {
  const name = header === undefined ? 'metadata.priority' : 'X-Koubou-Priority';
  const written = header ?? inMetadata ?? priorityByDefault;
  const priority = typeof written === 'string' && /^\d{1,2}$/.test(written) ? Number(written) : written;
  if (typeof priority === 'number' && Number.isInteger(priority) && priority >= 1 && priority <= 10)
    return priority;
  throw new KoubouError('request.invalid', `${name} must be a whole number from 1 to 10; 10 comes first`, {
    details: { param: name },
  });
}

function typeOf(header: string | undefined, inMetadata: unknown, known: readonly string[]): string {
  const named = taskTypeNamed(header ?? (typeof inMetadata === 'string' ? inMetadata : 'general'));
  if (known.includes(named)) return named;
  if (header === undefined) return 'general';
  throw new KoubouError('request.invalid', `X-Koubou-Type must be one of ${known.join(', ')}`, {
    details: { param: 'X-Koubou-Type' },
  });
}

function switchOf(header: string | undefined): boolean | undefined {
  if (header === undefined) return undefined;
  if (header === 'true' || header === '1') return true;
  if (header === 'false' || header === '0') return false;
  throw new KoubouError('request.invalid', 'X-Koubou-Detach must be true or false', {
    details: { param: 'X-Koubou-Detach' },
  });
}
