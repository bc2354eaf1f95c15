/** Bounds of what models answer beside plain text, and of what an answer is checked by, each with its reason. */
export const answerLimits = {
  /** Calls of functions in one answer; models make a handful. */
  toolCallsMax: 128,
  /** One JSON schema, as JSON: the largest that are published for answers have some 30 KB. */
  schemaBytesMax: 64 * 1_024,
  /** Schemas that are kept compiled; each takes some 100 KB. */
  schemasMax: 100,
  /** To compile one schema, in ms: nothing else happens in that time. It takes 10 ms as a rule. */
  schemaCompileMsMax: 1_000,
  /** To check one answer, in ms: the patterns of a schema may be made to look for ever. */
  schemaCheckMsMax: 500,
  /** Answers that are to be JSON; above, they are not parsed. Each number in one may be a complaint of 200 bytes. */
  structuredCharsMax: 1_024 * 1_024,
  /** Times that a model may mend what it has answered wrong; what it has not learnt then it will not. */
  repairsMax: 2,
  /** Of a wrong answer so much is shown to the model again. */
  repairedCharsMax: 32 * 1_024,
  /** Things wrong with an answer that are told. */
  complaintsMax: 3,
} as const;
