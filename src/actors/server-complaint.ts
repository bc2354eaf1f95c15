/** What a server said about an error. */
export interface Complaint {
  /** Its sentence for people, or its JSON where there is none. Never empty. */
  readonly message: string;
  /** Its names for programs (`code` and `type`): `model_not_found`, `exceed_context_size_error`. */
  readonly names: readonly string[];
}

/** A complaint in a complaint, as gateways write them; deeper ones stay JSON. */
const wrappingsMax = 2;

/**
 * Reads the error out of a body, in the forms that servers have: `{"error": "…"}` (Ollama, LM Studio), `{"error":
 * {"message", "type", "code"}}` (OpenAI, llama.cpp, vLLM), the inner object alone (older vLLM), `{"detail": "…"}`
 * (FastAPI); and JSON as text in one of these, as Ollama passes on what its llama.cpp said. `null` where nothing is said.
 */
export function complaintIn(body: Readonly<Record<string, unknown>>): Complaint | null {
  if (isSaid(body['error'])) return complaintOf(body['error']);
  if (isSaid(body['detail'])) return complaintOf(body['detail']);
  return isSaid(body['message']) ? complaintOf(body) : null;
}

/** Of the error itself, of whatever type it is. */
export function complaintOf(error: unknown, wrappings = 0): Complaint | null {
  if (!isSaid(error)) return null;
  if (typeof error === 'string') return unwrapped(error, wrappings) ?? { message: error, names: [] };
  const fields = asObject(error);
  if (fields === undefined) return { message: JSON.stringify(error), names: [] };
  if (wrappings < wrappingsMax && isSaid(fields['error'])) {
    return complaintOf(fields['error'], wrappings + 1);
  }
  const names = [fields['code'], fields['type']].filter((name) => typeof name === 'string');
  const message = fields['message'];
  if (typeof message !== 'string' || message.trim() === '') {
    return { message: JSON.stringify(error), names };
  }
  const inner = unwrapped(message, wrappings);
  return inner === null ? { message, names } : { ...inner, names: [...names, ...inner.names] };
}

function unwrapped(text: string, wrappings: number): Complaint | null {
  if (wrappings >= wrappingsMax || !text.trimStart().startsWith('{')) return null;
  try {
    return complaintOf(JSON.parse(text), wrappings + 1);
  } catch {
    return null;
  }
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && (typeof value !== 'string' || value.trim() !== '');
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}
