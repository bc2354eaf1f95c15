/** Bounds of what clients of OpenAI may send, each with its reason. Bodies, prompts and depth have theirs in `limits`. */
export const openAiLimits = {
  /** Names of models, of tools and of their calls: a path in a registry is the longest of them. */
  nameCharsMax: 256,
  /** Of one conversation: far beyond the context of any model, and each is an object that is kept. */
  messagesMax: 10_000,
  /** Parts of one message: a picture or a passage each. */
  partsMax: 256,
  /** Functions of a conversation, and calls in one message: agents bring some dozens. */
  toolsMax: 512,
  /** Texts that end an answer: OpenAI takes 4, servers of models more. */
  stopsMax: 64,
  /** Texts of one request for vectors, as many as OpenAI takes: one task, that one worker works off. */
  inputsMax: 2_048,
  /** Numbers in a vector that may be asked for; models have some thousands. */
  dimensionsMax: 65_536,
} as const;
