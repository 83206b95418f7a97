import { compareVersions } from '../../common/compareVersions.ts';
import { DRAIN_REQUEST, STOP_REQUEST, type DrainResult } from '../../protocol/client.ts';
import type { Client } from '../client.ts';
import { drain, nothing } from '../schemas.ts';

/** The ways in which the front can be asked to leave. */
export interface Departure {
  /** Refuses new requests, waits for the running ones, and leaves. */
  drain(reason: string): void;
  /** Leaves now. */
  stop(): void;
}

/**
 * Makes way for a newer version and for the uninstall hook. Neither request needs `initialize`, so they work with any
 * version of the protocol.
 */
export function handleDrain(client: Client, { version, departure }: { version: string; departure: Departure }): void {
  client.connection.onRequest(
    DRAIN_REQUEST,
    drain,
    ({ clientVersion }): DrainResult => {
      if (compareVersions(clientVersion, version) <= 0) return { accepted: false };
      departure.drain('A newer version takes over');
      return { accepted: true };
    },
    { beforeInitialize: true },
  );
  client.connection.onRequest(
    STOP_REQUEST,
    nothing,
    () => {
      departure.stop();
      return null;
    },
    { beforeInitialize: true },
  );
}
