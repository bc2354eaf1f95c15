import { z } from 'zod';
import type { ResidentModel } from '../machines/sighting.ts';

/**
 * What Ollama says of its models. Only what is used is looked at, and an entry that says something else is as good as
 * none: versions differ, and so do programs that imitate it. https://docs.ollama.com/api
 */

const bytes = z.number().nonnegative().nullish().catch(null);
const tokens = z.int().positive().nullish().catch(null);
const text = z.string().min(1).nullish().catch(null);

/** `null` is Go's way to write a list without entries. */
const listing = z.object({ models: z.array(z.unknown()).nullable() });

/** Older versions and imitations write one of the two. */
const named = z.object({ name: text, model: text });

const tagEntry = named.extend({ size: bytes, digest: text });

const residentEntry = named.extend({ size: bytes, size_vram: bytes, context_length: tokens });

const details = z.object({ model_info: z.record(z.string(), z.unknown()) });

/** A model that the server could load. */
export interface ListedModel {
  readonly name: string;
  readonly sizeBytes: number | null;
  /** Changes with the model: what is known of it holds as long as this does. */
  readonly digest: string;
}

/** The models of an answer of `/api/tags`; `null` when it is none. */
export function listedIn(body: unknown): readonly ListedModel[] | null {
  return entriesIn(body, tagEntry, ({ size, digest }, name) => ({
    name,
    sizeBytes: size ?? null,
    digest: digest ?? name,
  }));
}

/** The models of an answer of `/api/ps`; `null` when it is none. Older versions do not tell the context. */
export function residentsIn(body: unknown): readonly ResidentModel[] | null {
  return entriesIn(body, residentEntry, ({ size, size_vram: onGpu, context_length: context }, name) => ({
    name,
    memoryBytes: onGpu || (size ?? 0),
    contextTokens: context ?? null,
  }));
}

/** The longest context of a model by an answer of `/api/show`; `null` where it does not say. */
export function contextIn(body: unknown): number | null {
  const info = details.safeParse(body).data?.model_info ?? {};
  const architecture = info['general.architecture'];
  const key =
    typeof architecture === 'string'
      ? `${architecture}.context_length`
      : Object.keys(info).find((each) => each.endsWith('.context_length'));
  return tokens.parse(key === undefined ? null : info[key]) ?? null;
}

function entriesIn<Entry extends z.infer<typeof named>, Model>(
  body: unknown,
  schema: z.ZodType<Entry>,
  modelOf: (entry: Entry, name: string) => Model,
): readonly Model[] | null {
  const list = listing.safeParse(body);
  if (!list.success) return null;
  return (list.data.models ?? []).flatMap((each) => {
    const entry = schema.safeParse(each).data;
    const name = entry?.name ?? entry?.model;
    return entry === undefined || !name ? [] : [modelOf(entry, name)];
  });
}
