import { KoubouError } from '../machines/errors.ts';

/** Where an OpenAI-compatible server is, and how to knock. */
export interface OpenaiEndpoint {
  /** Host and port, for messages. Credentials in the URL stay out of it. */
  readonly address: string;
  /** Of a path below the base URL, such as `chat/completions`. */
  readonly urlOf: (path: string) => URL;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads a base URL such as `http://localhost:1234/v1`; the path is kept, with or without a slash at its end.
 *
 * @throws KoubouError `config.invalid` when the URL is none of HTTP, or the key cannot stand in a header; the message
 * repeats neither
 */
export function openaiEndpoint(baseUrl: string, apiKey: string | null): OpenaiEndpoint {
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    throw new KoubouError(
      'config.invalid',
      'The base URL is not an address such as http://localhost:1234/v1.',
    );
  }
  // Node names the header with its value when it refuses one: that must not come to pass.
  if (apiKey !== null && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new KoubouError(
      'config.invalid',
      'The API key is empty or has characters that no HTTP header can carry.',
    );
  }
  const base = new URL(baseUrl);
  return {
    address: base.host,
    urlOf: (path) => {
      const url = new URL(base);
      url.pathname = `${base.pathname.replace(/\/+$/, '')}/${path}`;
      return url;
    },
    headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
  };
}
