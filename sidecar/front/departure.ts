import { setTimeout as sleep } from 'node:timers/promises';
import { CloseCodes } from '../client/connect.ts';
import type { Clients } from './client.ts';
import type { Departure } from './handlers/drain.ts';
import type { Log } from './log.ts';

export interface DepartureOptions {
  readonly clients: Clients;
  readonly log: Log;
  /** Removes the state file, so that the next client starts a new sidecar. */
  readonly unpublish: () => Promise<void>;
  /** Ends the engine and the server. */
  readonly shutDown: () => Promise<void>;
  readonly exit: () => void;
}

/** A draining sidecar waits this long for running requests. Clients wait longer. */
const DRAIN_LIMIT_MS = 10_000;
/** Clients get this long to take the close frame. Then the process ends. */
const CLOSE_LIMIT_MS = 500;
const SHUT_DOWN_LIMIT_MS = 3_000;

/** Why a connection to a draining sidecar is closed. */
export const DRAINED = 'Another sidecar takes over';

/** Ends the sidecar. It removes the state file first, so that no client connects to a sidecar that is leaving. */
export class FrontDeparture implements Departure {
  #leaving = false;
  #draining = false;

  constructor(private readonly options: DepartureOptions) {}

  get isDraining(): boolean {
    return this.#draining;
  }

  drain(reason: string): void {
    if (this.#draining) return;
    this.#draining = true;
    this.options.log.info(`Draining: ${reason}`);
    this.#inBackground(async () => {
      await this.options.unpublish();
      const deadline = performance.now() + DRAIN_LIMIT_MS;
      // The response to the drain request is sent in this turn of the event loop.
      do await sleep(20);
      while (this.options.clients.runningRequests > 0 && performance.now() < deadline);
      await this.#leave(CloseCodes.drained, DRAINED);
    });
  }

  stop(): void {
    this.#inBackground(async () => {
      await sleep(20);
      await this.#leave(CloseCodes.stopped, 'Chorus was asked to stop');
    });
  }

  /** Leaves because no client needs the sidecar any more. */
  leave(reason: string): void {
    this.options.log.info(`Leaving: ${reason}`);
    this.#inBackground(() => this.#leave(CloseCodes.leaving, 'The sidecar is leaving'));
  }

  async #leave(code: number, reason: string): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#draining = true;
    await this.options.unpublish();
    this.options.clients.closeAll(code, reason);
    for (
      const deadline = performance.now() + CLOSE_LIMIT_MS;
      this.options.clients.count > 0 && performance.now() < deadline;
    )
      await sleep(10);
    await Promise.race([this.options.shutDown(), sleep(SHUT_DOWN_LIMIT_MS)]);
    this.options.exit();
  }

  #inBackground(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      this.options.log.error('Leaving failed', error);
      this.options.exit();
    });
  }
}
