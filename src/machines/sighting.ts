/** What a probe saw at an endpoint. It is news, not history: kept in memory, told to the pool when it changes. */
export interface Sighting {
  /** Models that the server could load; `null` where it does not say. */
  readonly models: readonly SightedModel[] | null;
  /** Models in its memory at this moment; `null` where it does not say. */
  readonly residents: readonly ResidentModel[] | null;
}

export interface SightedModel {
  /** As the server names it: `gpt-oss:20b`. */
  readonly name: string;
  /** Of its files, in bytes: what it takes in memory at least. */
  readonly sizeBytes: number | null;
  /** The longest context that it was made for, in tokens. */
  readonly contextTokensMax: number | null;
}

export interface ResidentModel {
  readonly name: string;
  /** What it takes of the memory that models run in (`size_vram`; all of it where none is on a GPU). */
  readonly memoryBytes: number;
  /** The context that it was loaded with, in tokens. */
  readonly contextTokens: number | null;
}

/** Knows nothing: what a probe answers that only asks for a sign of life. */
export const unseen: Sighting = { models: null, residents: null };
