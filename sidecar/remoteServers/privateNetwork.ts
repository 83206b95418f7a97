import { Agent, type Dispatcher } from 'undici';
import { checkedLookup, type Resolve } from '../common/http/checkedLookup.ts';
import { isPrivate, publicRefusal } from './serverAddress.ts';

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * Connections with this machine and private networks alone, by no proxy. A name that has a public address fails with
 * `TroubleError` 'invalid-input' as the cause.
 */
export function privateNetwork(resolve?: Resolve): Dispatcher {
  const refusal = (hostname: string, address: string): Error | undefined =>
    isPrivate(address) ? undefined : publicRefusal(hostname);
  return new Agent({ connect: { lookup: checkedLookup(refusal, resolve), timeout: CONNECT_TIMEOUT_MS } });
}
