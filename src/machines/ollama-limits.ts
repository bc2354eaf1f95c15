/** Bounds of what clients of Ollama may send, each with its reason. Bodies, prompts and depth have theirs in `limits`. */
export const ollamaLimits = {
  /** Names of models, of tools and of their calls: a path in a registry is the longest of them. */
  nameCharsMax: 256,
  /** Of one conversation: far beyond the context of any model, and each is an object that is kept. */
  messagesMax: 10_000,
  /** Functions of a conversation, and calls in one message: agents bring some dozens. */
  toolsMax: 512,
  /** Pictures of one message; each is decoded by the model's server. */
  imagesMax: 64,
  /** Texts of one request for vectors: one task, that one worker works off. */
  inputsMax: 2_048,
  /** Numbers in a vector that may be asked for; models have some thousands. */
  dimensionsMax: 65_536,
} as const;
