import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/**
 * By these, too, a connection reaches this machine: by addresses that stand for any, and by IPv4 in the first form that
 * IPv6 had for it.
 */
const reachingHere = new BlockList();
for (const network of ['0.0.0.0', '127.0.0.0']) reachingHere.addSubnet(network, 8);
reachingHere.addSubnet('::', 96, 'ipv6');

/** Whether a URL's host name is one of this machine, for whoever reads it. */
export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || isIn(loopback, hostname);
}

/**
 * Whether a connection with a URL's host may reach this machine: also by names and addresses by which nobody means it
 * ("0.0.0.0", "[::]", "x.localhost", "localhost.").
 */
export function reachesThisMachine(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.+$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || isIn(reachingHere, name);
}

/** Whether a URL's host name is an IP address of a list. */
export function isIn(list: BlockList, hostname: string): boolean {
  const address = bareAddress(hostname);
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Without the brackets that a URL puts around an IPv6 address, and without the zone of a link-local one. */
export function bareAddress(hostname: string): string {
  return hostname.replace(/^\[|\]$|%.*$/g, '');
}
