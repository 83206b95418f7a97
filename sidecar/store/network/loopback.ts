import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether a URL's host name is one of this machine. */
export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || isIn(loopback, hostname);
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
