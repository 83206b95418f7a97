import type { Socket } from 'node:net';

/**
 * Connections that are not authenticated yet. Any program on the machine can open them, so their time and number are
 * limited. If there are too many, the oldest is closed.
 */
export class HalfOpenSockets {
  /** In order of arrival. */
  readonly #timers = new Map<Socket, NodeJS.Timeout>();

  constructor(private readonly limits: { readonly maxSockets: number; readonly timeoutMs: number }) {}

  get count(): number {
    return this.#timers.size;
  }

  add(socket: Socket): void {
    // The process may have been busy. So it reads the bytes that have arrived before it closes the socket.
    const timer = setTimeout(() => setImmediate(() => this.#end(socket)), this.limits.timeoutMs);
    this.#timers.set(socket, timer);
    socket.once('close', () => this.delete(socket));
    const [oldest] = this.#timers.keys();
    if (this.#timers.size > this.limits.maxSockets && oldest) this.#end(oldest);
  }

  /** Removes a socket that is authenticated or closed. */
  delete(socket: Socket): void {
    clearTimeout(this.#timers.get(socket));
    this.#timers.delete(socket);
  }

  #end(socket: Socket): void {
    if (!this.#timers.has(socket)) return;
    this.delete(socket);
    socket.destroy();
  }
}
