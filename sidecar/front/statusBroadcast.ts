import { STATUS_NOTIFICATION } from '../protocol/client.ts';
import type { Clients } from './client.ts';

/** Changes within this time reach the clients as one, since each keystroke makes the model busy and ready again. */
const COALESCE_MS = 50;

/** Sends every client its latest status, at a limited rate. */
export class StatusBroadcast {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly clients: Clients) {}

  /** Schedules the status for all clients. */
  send(): void {
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#flush(), COALESCE_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    for (const { connection, services } of this.clients)
      if (connection.isInitialized && services) connection.notify(STATUS_NOTIFICATION, services.status);
  }
}
