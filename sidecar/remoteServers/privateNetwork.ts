import { Agent, type Dispatcher } from 'undici';
import { checkedLookup, type Resolve } from '../common/http/checkedLookup.ts';
import { isPrivate, publicRefusal } from './serverAddress.ts';

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * Returns a dispatcher that connects only to this machine and private networks, without a proxy. A name with a public
 * address fails with a `TroubleError` 'invalid-input' as its cause.
 */
export function privateNetwork(resolve?: Resolve): Dispatcher {
  const refusal = (hostname: string, address: string): Error | undefined =>
    isPrivate(address) ? undefined : publicRefusal(hostname);
  return new Agent({ connect: { lookup: checkedLookup(refusal, resolve), timeout: CONNECT_TIMEOUT_MS } });
}
