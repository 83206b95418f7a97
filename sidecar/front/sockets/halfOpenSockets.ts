import type { Socket } from 'node:net';

/**
 * Connections that have not proven themselves yet. Anybody on the machine can open them, so each has little time, and
 * there are few: where one more comes, the oldest goes.
 */
export class HalfOpenSockets {
  /** In the order in which they came. */
  readonly #timers = new Map<Socket, NodeJS.Timeout>();

  constructor(private readonly limits: { readonly maxSockets: number; readonly timeoutMs: number }) {}

  get count(): number {
    return this.#timers.size;
  }

  add(socket: Socket): void {
    // The process may have been busy: it reads the bytes that have arrived before the socket goes.
    const timer = setTimeout(() => setImmediate(() => this.#end(socket)), this.limits.timeoutMs);
    this.#timers.set(socket, timer);
    socket.once('close', () => this.delete(socket));
    const [oldest] = this.#timers.keys();
    if (this.#timers.size > this.limits.maxSockets && oldest) this.#end(oldest);
  }

  /** It has proven itself, or is gone. */
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
