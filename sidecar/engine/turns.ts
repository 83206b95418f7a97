import type { Priority } from '../protocol/engine.ts';

const RANK: Readonly<Record<Priority, number>> = { completion: 2, chat: 1, background: 0 };

/** A request's place in the order; held from its first step to its last. */
export interface Ticket {
  rank: number;
}

interface Waiter {
  readonly ticket: Ticket;
  readonly grant: () => void;
}

/**
 * Lets one step of one request run at a time: a chunk of a prompt, or one token. While a request of a higher priority is under way,
 * no step of a lower one begins, so a completion preempts a chat between two steps and the chat goes on after it. Requests of one
 * priority alternate.
 */
export class Turns {
  private readonly active = new Set<Ticket>();
  private waiters: Waiter[] = [];
  private running = false;

  enter(priority: Priority): Ticket {
    const ticket = { rank: RANK[priority] };
    this.active.add(ticket);
    return ticket;
  }

  /** Lifts a request that a more urgent one waits for. */
  raise(ticket: Ticket, priority: Priority): void {
    ticket.rank = Math.max(ticket.rank, RANK[priority]);
    this.grantNext();
  }

  leave(ticket: Ticket): void {
    this.active.delete(ticket);
    this.waiters = this.waiters.filter((waiter) => waiter.ticket !== ticket);
    this.grantNext();
  }

  /** Runs `step` when it is this request's turn; rejects with the signal's reason if it aborts before. */
  async run<T>(ticket: Ticket, signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    await this.wait(ticket, signal);
    try {
      return await step();
    } finally {
      this.running = false;
      // The request that just ran asks for its next step in a microtask; the choice waits for it.
      setImmediate(() => this.grantNext());
    }
  }

  private async wait(ticket: Ticket, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        ticket,
        grant: () => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.waiters.push(waiter);
      this.grantNext();
    });
  }

  private grantNext(): void {
    if (this.running) return;
    let highest = -1;
    for (const ticket of this.active) highest = Math.max(highest, ticket.rank);
    const at = this.waiters.findIndex((waiter) => waiter.ticket.rank === highest);
    if (at < 0) return;
    const [waiter] = this.waiters.splice(at, 1);
    this.running = true;
    waiter!.grant();
  }
}
