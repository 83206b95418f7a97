import { STATUS_NOTIFICATION } from '../protocol/client.ts';
import type { Clients } from './client.ts';

/** Changes within this time reach the clients as one: a keystroke makes the model busy and ready again. */
const COALESCE_MS = 50;

/** Tells every client its status, the latest only, without flooding anyone. */
export class StatusBroadcast {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly clients: Clients) {}

  /** The status of some clients changed. */
  send(): void {
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#flush(), COALESCE_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    for (const { connection, services } of this.clients)
      if (connection.isInitialized && services) connection.notify(STATUS_NOTIFICATION, services.status);
  }
}
