import type { Priority } from '../protocol/engine.ts';

const RANK: Readonly<Record<Priority, number>> = { completion: 2, chat: 1, background: 0 };

/** A request's urgency, from its first step to its last. */
export interface Ticket {
  rank: number;
}

/** A step ended because a more urgent request came. It changed nothing and can be run again. */
export class Preempted extends Error {
  override readonly name = 'Preempted';
}

interface Waiter {
  readonly ticket: Ticket;
  readonly grant: (preempted: AbortSignal) => void;
}

/**
 * Runs one step of one request at a time: a chunk of a prompt, or one token. While a request of a higher priority runs,
 * no step of a lower priority begins. A running step of a lower priority is told to end (`Preempted`) and may be
 * repeated. So a completion preempts a chat, and the chat continues after it. Requests of one priority alternate.
 */
export class Turns {
  readonly #active = new Set<Ticket>();
  #waiters: Waiter[] = [];
  #running: { readonly ticket: Ticket; readonly preemption: AbortController } | undefined;

  /** Adds a request, which preempts the running step if that is less urgent. */
  enter(priority: Priority): Ticket {
    const ticket = { rank: RANK[priority] };
    this.#active.add(ticket);
    this.#preempt();
    return ticket;
  }

  /** Raises the urgency of a request that a more urgent request waits for. */
  raise(ticket: Ticket, priority: Priority): void {
    ticket.rank = Math.max(ticket.rank, RANK[priority]);
    this.#preempt();
    this.#grantNext();
  }

  /** Removes a request. */
  leave(ticket: Ticket): void {
    this.#active.delete(ticket);
    this.#waiters = this.#waiters.filter((waiter) => waiter.ticket !== ticket);
    this.#grantNext();
  }

  /**
   * Runs `step` when it is this request's turn. Rejects with the signal's reason if it aborts before. The signal that
   * `step` receives aborts with `Preempted` when a more urgent request comes. The step may ignore it.
   */
  async run<T>(ticket: Ticket, signal: AbortSignal, step: (preempted: AbortSignal) => Promise<T>): Promise<T> {
    const preempted = await this.#wait(ticket, signal);
    try {
      return await step(preempted);
    } finally {
      this.#running = undefined;
      // The request that just ran asks for its next step in a microtask, which comes before the next choice.
      setImmediate(() => this.#grantNext());
    }
  }

  async #wait(ticket: Ticket, signal: AbortSignal): Promise<AbortSignal> {
    signal.throwIfAborted();
    return new Promise<AbortSignal>((resolve, reject) => {
      const abort = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        ticket,
        grant: (preempted) => {
          signal.removeEventListener('abort', abort);
          resolve(preempted);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
      this.#grantNext();
    });
  }

  #grantNext(): void {
    if (this.#running) return;
    let highest = -1;
    for (const ticket of this.#active) highest = Math.max(highest, ticket.rank);
    const at = this.#waiters.findIndex((waiter) => waiter.ticket.rank === highest);
    if (at < 0) return;
    const [waiter] = this.#waiters.splice(at, 1) as [Waiter];
    this.#running = { ticket: waiter.ticket, preemption: new AbortController() };
    waiter.grant(this.#running.preemption.signal);
  }

  #preempt(): void {
    if (!this.#running) return;
    const { ticket, preemption } = this.#running;
    for (const { rank } of this.#active)
      if (rank > ticket.rank) preemption.abort(new Preempted('A more urgent request came.'));
  }
}
