/** One event of a `text/event-stream`. */
export interface ServerEvent {
  /** `null` where the event has none of its own. */
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/**
 * Reads events as https://html.spec.whatwg.org/multipage/server-sent-events.html describes them, as far as ours use it:
 * fields `id`, `event` and `data`, comments, all three line ends. An event that is cut off is not told.
 */
export async function* readServerEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let fields = emptyFields();
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (fields.data.length > 0) yield { ...fields, data: fields.data.join('\n') };
      fields = emptyFields();
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'id') fields.id = value;
    if (name === 'event') fields.event = value;
    if (name === 'data') fields.data.push(value);
  }
}

function emptyFields(): { id: string | null; event: string; data: string[] } {
  return { id: null, event: 'message', data: [] };
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    // A carriage return at the end may be half of a line end: it waits for the next piece.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
