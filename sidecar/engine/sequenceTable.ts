import type { Priority } from '../protocol/engine.ts';
import type { Ticket, Turns } from './turns.ts';

/** A named sequence while one request has it. */
export interface Lease<Sequence> {
  readonly sequence: Sequence;
  /** Whose it is: the one that was asked for, or the one that it was to be beside. */
  readonly name: string;
  readonly ticket: Ticket;
  /** Whether the sequence still holds what this name left in it. */
  readonly isWarm: boolean;
  release(): void;
}

interface Slot<Sequence> {
  readonly sequence: Sequence;
  name: string | undefined;
  lastUsed: number;
  /** The request that has it. */
  ticket: Ticket | undefined;
}

interface Request {
  readonly name: string;
  readonly priority: Priority;
  /** A name of the same owner. Its place serves where no other is free of names: nobody loses one. */
  readonly beside?: string | undefined;
}

interface Waiter<Sequence> extends Request {
  readonly grant: (lease: Lease<Sequence>) => void;
}

/** When one that is beside another was used: any that stands for itself stays longer. */
const USED_BESIDE = 0.5;

/**
 * Gives the engine's few sequences to names: a name keeps its sequence, and with it the cached prefix, until the place is needed for
 * another, the least recently used first. Requests of one name run one after another. The last free place is kept for completions,
 * so that no number of chats makes one wait.
 */
export class SequenceTable<Sequence> {
  private readonly slots: Slot<Sequence>[];
  private waiters: Waiter<Sequence>[] = [];
  private clock = 0;

  constructor(
    sequences: readonly Sequence[],
    private readonly turns: Turns,
  ) {
    this.slots = sequences.map((sequence) => ({ sequence, name: undefined, lastUsed: 0, ticket: undefined }));
  }

  /** Resolves when the name's sequence is free for this request; rejects with the signal's reason if it aborts before. */
  async acquire(request: Request, signal: AbortSignal): Promise<Lease<Sequence>> {
    signal.throwIfAborted();
    const isNext = !this.waiters.some((waiter) => waiter.name === request.name);
    const lease = isNext ? this.tryAcquire(request) : undefined;
    if (lease) return lease;
    const holder = this.slotOf(request.name)?.ticket;
    if (holder) this.turns.raise(holder, request.priority);
    return new Promise<Lease<Sequence>>((resolve, reject) => {
      const abort = (): void => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter<Sequence> = {
        ...request,
        grant: (granted) => {
          signal.removeEventListener('abort', abort);
          resolve(granted);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.waiters.push(waiter);
    });
  }

  /** Names that a sequence is kept for. */
  names(): readonly string[] {
    return this.slots.flatMap((slot) => slot.name ?? []);
  }

  /** The sequence that a name has, which a request may be using. */
  peek(name: string): Sequence | undefined {
    return this.slotOf(name)?.sequence;
  }

  /** Forgets a name, unless a request has its sequence; `inUse` is for that request itself. Gives the sequence that it had. */
  forget(name: string, options: { readonly inUse?: boolean } = {}): Sequence | undefined {
    const slot = this.slotOf(name);
    if (!slot || (slot.ticket !== undefined && !options.inUse)) return undefined;
    slot.name = undefined;
    slot.lastUsed = 0;
    return slot.sequence;
  }

  private slotOf(name: string): Slot<Sequence> | undefined {
    return this.slots.find((slot) => slot.name === name);
  }

  private tryAcquire({ name: wanted, priority, beside }: Request): Lease<Sequence> | undefined {
    const hasPlace = beside === undefined || this.slots.some((slot) => slot.name === wanted || slot.name === undefined);
    const name = hasPlace ? wanted : beside;
    const own = this.slotOf(name);
    if (own?.ticket) return undefined;
    const free = this.slots.filter((slot) => slot.ticket === undefined).sort((a, b) => a.lastUsed - b.lastUsed);
    const spare = priority === 'completion' || this.slots.length === 1 ? 0 : 1;
    if (free.length <= spare) return undefined;
    const slot = own ?? free[0]!;
    const ticket = this.turns.enter(priority);
    slot.name = name;
    slot.ticket = ticket;
    slot.lastUsed = hasPlace && beside !== undefined ? USED_BESIDE : ++this.clock;
    return {
      sequence: slot.sequence,
      name,
      ticket,
      isWarm: own !== undefined,
      release: () => {
        if (slot.ticket !== ticket) return;
        slot.ticket = undefined;
        this.turns.leave(ticket);
        this.grantWaiters();
      },
    };
  }

  private grantWaiters(): void {
    for (const waiter of [...this.waiters]) {
      const lease = this.tryAcquire(waiter);
      if (!lease) continue;
      this.waiters = this.waiters.filter((other) => other !== waiter);
      waiter.grant(lease);
    }
  }
}
