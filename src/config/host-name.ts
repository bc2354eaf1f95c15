/** Which machine an address means, so that workers of one machine are known as such. */

import { BlockList, isIP } from 'node:net';

const thisMachine = new BlockList();
thisMachine.addSubnet('127.0.0.0', 8, 'ipv4');
thisMachine.addAddress('0.0.0.0', 'ipv4');
thisMachine.addAddress('::1', 'ipv6');
thisMachine.addAddress('::', 'ipv6');

/** The machine of a URL: in lower case, IPv6 without brackets, every address of this machine as `localhost`. */
export function hostOfUrl(url: string): string {
  const name = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(name);
  const isHere = version !== 0 && thisMachine.check(name, version === 4 ? 'ipv4' : 'ipv6');
  return isHere ? 'localhost' : name;
}

/** The same for what a file calls a machine; `null` when no URL could name it so. */
export function hostOf(written: string): string | null {
  const url = `http://${bracketed(written)}/`;
  return URL.canParse(url) ? hostOfUrl(url) : null;
}

/** The name as a URL wants it: an IPv6 address in brackets. */
export function bracketed(written: string): string {
  return written.includes(':') && !written.startsWith('[') ? `[${written}]` : written;
}
