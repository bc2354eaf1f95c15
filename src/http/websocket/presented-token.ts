import type { IncomingHttpHeaders } from 'node:http';
import { KoubouError } from '../../machines/errors.ts';
import { credentialOf } from '../access-credentials.ts';

/** The subprotocol that the server speaks. */
const protocol = 'koubou';
/** Pages cannot set headers, but they can name subprotocols; the token is percent-encoded. */
const tokenPrefix = 'koubou.token.';

/**
 * The token that came with a request to upgrade; never from its address, which is logged on the way.
 *
 * @throws KoubouError `request.invalid`
 */
export function presentedBy(headers: IncomingHttpHeaders): string | undefined {
  const inHeader = credentialOf(headers);
  if (inHeader !== null) return inHeader;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  const inProtocol = offered.find((each) => each.startsWith(tokenPrefix));
  if (inProtocol === undefined) return undefined;
  if (!offered.includes(protocol)) {
    // One must be chosen, or a browser hangs up; and a chosen token would be sent back for all to read.
    const message = `offer the subprotocol "${protocol}" too: it is the one that is chosen`;
    throw new KoubouError('request.invalid', message);
  }
  return decoded(inProtocol.slice(tokenPrefix.length));
}

/**
 * The same of a tool that can be given an address and nothing else: `ws://any:TOKEN@host`. Its user and password are no part
 * of what it asks for; they come in a header.
 *
 * @throws KoubouError `request.invalid`
 */
export function presentedByTool(headers: IncomingHttpHeaders): string | undefined {
  const [, basic] = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (basic === undefined) return presentedBy(headers);
  const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  return decoded(password);
}

/** Chooses among the subprotocols that were offered; never the one with the token. */
export function protocolOf(offered: ReadonlySet<string>): string | false {
  return offered.has(protocol) ? protocol : false;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
