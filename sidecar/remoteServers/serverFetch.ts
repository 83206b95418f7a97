import { fetch as fetchBy, type Dispatcher } from 'undici';
import type { NetworkSettings } from '../protocol/client.ts';
import type { Resolve } from '../common/http/checkedLookup.ts';
import { openDispatcher } from '../common/http/dispatcher.ts';
import { privateNetwork } from './privateNetwork.ts';
import type { ServerAddress } from './serverAddress.ts';

/** The part of `fetch` that a connection to a server needs. */
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
  /** Allows unencrypted connections over public networks. */
  readonly allowHttp?: boolean | undefined;
  /** The network settings. */
  readonly network?: NetworkSettings | undefined;
  readonly resolve?: Resolve;
}

/**
 * Returns a `fetch` that uses the user's proxy and the system's certificates. Unencrypted connections stay in the
 * private network.
 */
export function serverFetch({ address, allowHttp, network, resolve }: ServerRoute): ServerFetch {
  const isKeptIn = address.base.protocol === 'http:' && !allowHttp;
  let dispatcher: Promise<Dispatcher> | undefined;
  return async (url, init) => {
    dispatcher ??= isKeptIn ? Promise.resolve(privateNetwork(resolve)) : openDispatcher(network);
    // The response comes from another copy of undici than the global `fetch`, with the same interface.
    return (await fetchBy(url, { ...init, dispatcher: await dispatcher })) as unknown as Response;
  };
}
