import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Further addresses that reach this machine: the unspecified addresses, and IPv6's old form of IPv4 addresses. */
const reachingHere = new BlockList();
for (const network of ['0.0.0.0', '127.0.0.0']) reachingHere.addSubnet(network, 8);
reachingHere.addSubnet('::', 96, 'ipv6');

/** Returns whether a URL's host name clearly means this machine. */
export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || isIn(loopback, hostname);
}

/**
 * Returns whether a connection to a URL's host may reach this machine. That includes unusual names and addresses:
 * "0.0.0.0", "[::]", "x.localhost", "localhost.".
 */
export function reachesThisMachine(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.+$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || isIn(reachingHere, name);
}

/** Returns whether a URL's host name is an IP address in a list. */
export function isIn(list: BlockList, hostname: string): boolean {
  const address = bareAddress(hostname);
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Removes the brackets that a URL puts around an IPv6 address, and the zone of a link-local address. */
export function bareAddress(hostname: string): string {
  return hostname.replace(/^\[|\]$|%.*$/g, '');
}
