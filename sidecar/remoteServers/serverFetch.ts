import { fetch as fetchBy, type Dispatcher } from 'undici';
import type { NetworkSettings } from '../protocol/client.ts';
import type { Resolve } from '../common/http/checkedLookup.ts';
import { openDispatcher } from '../common/http/dispatcher.ts';
import { privateNetwork } from './privateNetwork.ts';
import type { ServerAddress } from './serverAddress.ts';

/** What of `fetch` a connection with a server needs. */
export type ServerFetch = (
  url: URL,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

export interface ServerRoute {
  readonly address: ServerAddress;
  /** Lets code go over public networks unencrypted. */
  readonly allowHttp?: boolean | undefined;
  /** How the network is reached. */
  readonly network?: NetworkSettings | undefined;
  readonly resolve?: Resolve;
}

/**
 * `fetch` by way of the user's proxy, trusting whom the user's machine trusts; what goes in the clear stays in the
 * private network.
 */
export function serverFetch({ address, allowHttp, network, resolve }: ServerRoute): ServerFetch {
  const isKeptIn = address.base.protocol === 'http:' && !allowHttp;
  let dispatcher: Promise<Dispatcher> | undefined;
  return async (url, init) => {
    dispatcher ??= isKeptIn ? Promise.resolve(privateNetwork(resolve)) : openDispatcher(network);
    // Of another copy of undici than the global `fetch`, with the same interface.
    return (await fetchBy(url, { ...init, dispatcher: await dispatcher })) as unknown as Response;
  };
}
