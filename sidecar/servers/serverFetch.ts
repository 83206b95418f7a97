import { fetch as fetchBy, type Dispatcher } from 'undici';
import type { NetworkSettings } from '../protocol/client.ts';
import { openDispatcher } from '../store/network/dispatcher.ts';

/** What of `fetch` a connection with a server needs. */
export type ServerFetch = (url: URL, init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string; readonly redirect: 'manual'; readonly signal: AbortSignal }) => Promise<Response>;

/** `fetch` by way of the user's proxy, trusting whom the user's machine trusts. */
export function serverFetch(network: NetworkSettings | undefined): ServerFetch {
  let dispatcher: Promise<Dispatcher> | undefined;
  return async (url, init) => {
    dispatcher ??= openDispatcher(network);
    // Of another copy of undici than the global `fetch`, with the same interface.
    return (await fetchBy(url, { ...init, dispatcher: await dispatcher })) as unknown as Response;
  };
}
