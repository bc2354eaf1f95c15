import { isIPv6 } from 'node:net';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a client or a listener is on this machine. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(address) || address === '::1' || address === 'localhost';
}

/** Whether a page comes from this machine: the original's dashboard does, from another port. */
export function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && loopbackNames.has(new URL(origin).hostname);
}

/** Whether a `Host` header names this machine by a name that nobody else can give it. */
export function isLoopbackHost(host: string): boolean {
  if (host !== lastHost.host) lastHost = { host, isLoopback: isLoopbackOrigin(`http://${host}`) };
  return lastHost.isLoopback;
}

/** Nearly all requests name the same one. */
let lastHost = { host: '', isLoopback: false };

/**
 * What is counted of an address. One household or server has a whole /64 of IPv6, so its addresses count as one; IPv4 is
 * the same however it is written.
 */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  const network = [...before, ...zeros, ...after].slice(0, 4);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
