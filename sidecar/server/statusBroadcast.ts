import { STATUS_NOTIFICATION, type SidecarStatus } from '../protocol/client.ts';
import type { Clients } from './client.ts';

/** Changes within this time reach the clients as one: a keystroke makes the model busy and ready again. */
const COALESCE_MS = 50;

/** Tells every client the status, the latest only, without flooding anyone. */
export class StatusBroadcast {
  #pending: SidecarStatus | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly clients: Clients) {}

  send(status: SidecarStatus): void {
    this.#pending = status;
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#flush(), COALESCE_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#pending) this.clients.notifyAll(STATUS_NOTIFICATION, this.#pending);
    this.#pending = undefined;
  }
}
