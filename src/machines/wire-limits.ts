/** Bounds of what a joined worker is asked beside a prompt: no door takes more, so that no task is cut off at the link. */
export const wireLimits = {
  /** Of one conversation, and one more that carries the files of the task. */
  messagesMax: 10_001,
  /** Functions of a conversation, and calls in one message of it. */
  toolsMax: 512,
  /** Pictures of one message. */
  picturesMax: 64,
  /** Texts that are to become vectors. */
  inputsMax: 2_048,
} as const;
