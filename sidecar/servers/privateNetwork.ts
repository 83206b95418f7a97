import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { isPrivate, publicRefusal } from './serverAddress.ts';

const CONNECT_TIMEOUT_MS = 15_000;

/** Gives all addresses of a name. */
export type Resolve = (hostname: string, options: { readonly all: true }, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

/**
 * Connections with this machine and private networks alone, by no proxy. The addresses that are judged are the ones that are connected with: a name that
 * is looked up twice may mean two things. A name that has a public address fails with `TroubleError` 'invalid-input' as the cause.
 */
export function privateNetwork(resolve: Resolve = lookup): Dispatcher {
  return new Agent({ connect: { lookup: privateLookup(resolve), timeout: CONNECT_TIMEOUT_MS } });
}

function privateLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (!addresses.every(({ address }) => isPrivate(address))) return callback(publicRefusal(hostname), []);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return first ? callback(null, first.address, first.family) : callback(new Error(`${hostname} has no address`), []);
    });
  };
}
