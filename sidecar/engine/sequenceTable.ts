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

/** The request that has a place. */
interface Holder {
  readonly ticket: Ticket;
  /** Ends it; absent where others wait for its own end. */
  readonly giveWay: (() => void) | undefined;
  isEnding: boolean;
}

interface Slot<Sequence> {
  readonly sequence: Sequence;
  name: string | undefined;
  lastUsed: number;
  /** Nobody waits for its name: it goes before others, also for what is beside another. */
  isSpare: boolean;
  /** There was no memory for its sequence when it was used last. */
  lacksMemory: boolean;
  holder: Holder | undefined;
}

interface Request {
  readonly name: string;
  readonly priority: Priority;
  /** A name of the same owner. Its place serves where no other is free of names: nobody loses one. */
  readonly beside?: string | undefined;
  /** Has a place only where nobody loses one, and loses it before others do. */
  readonly isSpare?: boolean | undefined;
  /**
   * Ends the request soon. Asked of those of priority 'background' alone, where another waits for what they have, and
   * of a spare one without a place.
   */
  readonly giveWay?: () => void;
}

interface Waiter<Sequence> extends Request {
  readonly grant: (lease: Lease<Sequence>) => void;
}

/** When one that is read beside another was used: any that stands for itself stays longer. */
const USED_BESIDE = 0.5;

/**
 * Gives the engine's few sequences to names: a name keeps its sequence, and with it the cached prefix, until the place
 * is needed for another, the least recently used first. Requests of one name run one after another. The last free place
 * is kept for completions, so that no number of chats makes one wait. A request that nobody waits for has its place
 * until another needs it: then it is ended. Where somebody waits for one that is beside another, the other one becomes
 * spare. A place whose sequence found no memory is taken only where no other is free.
 */
export class SequenceTable<Sequence> {
  readonly #slots: Slot<Sequence>[];
  #waiters: Waiter<Sequence>[] = [];
  #clock = 0;

  constructor(
    sequences: readonly Sequence[],
    private readonly turns: Turns,
  ) {
    this.#slots = sequences.map((sequence) => ({
      sequence,
      name: undefined,
      lastUsed: 0,
      isSpare: false,
      lacksMemory: false,
      holder: undefined,
    }));
  }

  /**
   * Resolves when the name's sequence is free for this request; rejects with the signal's reason if it aborts before.
   */
  async acquire(request: Request, signal: AbortSignal): Promise<Lease<Sequence>> {
    if (request.isSpare === true && !this.#hasPlace(request)) request.giveWay?.();
    signal.throwIfAborted();
    const isNext = !this.#waiters.some(
      (waiter) => waiter.name === request.name && (isUrgent(waiter) || !isUrgent(request)),
    );
    const lease = isNext ? this.#tryAcquire(request) : undefined;
    if (lease) return lease;
    return new Promise<Lease<Sequence>>((resolve, reject) => {
      const abort = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
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
      this.#waiters.push(waiter);
      this.#makeWay(request);
    });
  }

  /** Names that a sequence is kept for. */
  names(): readonly string[] {
    return this.#slots.flatMap((slot) => slot.name ?? []);
  }

  /** The sequence that a name has, which a request may be using. */
  peek(name: string): Sequence | undefined {
    return this.#slotOf(name)?.sequence;
  }

  /**
   * Forgets a name, unless a request has its sequence; `inUse` is for that request itself, which may have found no
   * memory for it. Gives the sequence that it had.
   */
  forget(
    name: string,
    options: { readonly inUse?: boolean; readonly lacksMemory?: boolean } = {},
  ): Sequence | undefined {
    const slot = this.#slotOf(name);
    if (!slot || (slot.holder !== undefined && !options.inUse)) return undefined;
    slot.name = undefined;
    slot.lastUsed = 0;
    slot.isSpare = false;
    slot.lacksMemory = options.lacksMemory === true;
    return slot.sequence;
  }

  #slotOf(name: string): Slot<Sequence> | undefined {
    return this.#slots.find((slot) => slot.name === name);
  }

  /** Whether there is a place for a name without a loss for anybody but what is spare. */
  #hasPlace({ name, beside }: Request): boolean {
    return this.#slots.some((slot) => slot.name === name || (isOpen(slot) && !isNamed(slot, beside)));
  }

  /**
   * Whose place a request gets, or waits for: that of its own name, or of the one that it is beside; none where it is
   * spare and has none.
   */
  #nameFor(request: Request): string | undefined {
    const { name, beside, isSpare = false } = request;
    if ((beside === undefined && !isSpare) || this.#hasPlace(request)) return name;
    return isSpare ? undefined : beside;
  }

  #tryAcquire(request: Request): Lease<Sequence> | undefined {
    const { priority, beside, giveWay, isSpare = false } = request;
    const name = this.#nameFor(request);
    if (name === undefined) return undefined;
    const own = this.#slotOf(name);
    if (own?.holder) return undefined;
    const free = this.#slots
      .filter((slot) => slot.holder === undefined)
      .sort(
        (a, b) => Number(a.lacksMemory) - Number(b.lacksMemory) || standing(a) - standing(b) || a.lastUsed - b.lastUsed,
      );
    if (free.length < this.#placesNeeded(priority)) return undefined;
    const slot = own ?? free.find((each) => !isNamed(each, beside)) ?? free[0]!;
    const isBeside = beside !== undefined && name === request.name;
    const ticket = this.turns.enter(priority);
    slot.name = name;
    slot.holder = { ticket, giveWay: priority === 'background' ? giveWay : undefined, isEnding: false };
    // There may be memory now.
    slot.lacksMemory = false;
    slot.lastUsed = isBeside && !isUrgent(request) && !isSpare ? USED_BESIDE : ++this.#clock;
    slot.isSpare = isSpare || (!isUrgent(request) && own?.isSpare === true);
    const other = isBeside && isUrgent(request) ? this.#slotOf(beside) : undefined;
    if (other) other.isSpare = true;
    return {
      sequence: slot.sequence,
      name,
      ticket,
      isWarm: own !== undefined,
      release: () => {
        if (slot.holder?.ticket !== ticket) return;
        slot.holder = undefined;
        this.turns.leave(ticket);
        this.#grantWaiters();
      },
    };
  }

  /** Free places, one of which a request takes. */
  #placesNeeded(priority: Priority): number {
    return priority === 'completion' || this.#slots.length === 1 ? 1 : 2;
  }

  /**
   * Has what a request waits for end as soon as it can: whoever uses its sequence is as urgent as it is, and what
   * nobody waits for is ended. One that is spare is ended itself where its place went to another meanwhile.
   */
  #makeWay(request: Request): void {
    const name = this.#nameFor(request);
    if (name === undefined) return request.giveWay?.();
    const own = this.#slotOf(name);
    if (own?.holder) this.turns.raise(own.holder.ticket, request.priority);
    if (!isUrgent(request)) return;
    const end = ({ holder }: Slot<Sequence>): void => {
      if (!holder?.giveWay || holder.isEnding) return;
      holder.isEnding = true;
      holder.giveWay();
    };
    if (own) end(own);
    const soonFree = this.#slots.filter((slot) => slot === own || !slot.holder || slot.holder.isEnding);
    const endable = this.#slots
      .filter((slot) => slot.holder?.giveWay && !soonFree.includes(slot))
      .sort((a, b) => a.lastUsed - b.lastUsed);
    endable.slice(0, Math.max(0, this.#placesNeeded(request.priority) - soonFree.length)).forEach(end);
  }

  #grantWaiters(): void {
    const inOrder = [...this.#waiters.filter(isUrgent), ...this.#waiters.filter((waiter) => !isUrgent(waiter))];
    for (const waiter of inOrder) {
      const lease = this.#tryAcquire(waiter);
      if (!lease) {
        this.#makeWay(waiter);
        continue;
      }
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      waiter.grant(lease);
    }
  }
}

/** Whether what is beside another, or spare, may take it. */
const isOpen = ({ name, isSpare, holder, lacksMemory }: Slot<unknown>): boolean =>
  !lacksMemory && !holder && (name === undefined || isSpare);

const isNamed = (slot: Slot<unknown>, name: string | undefined): boolean => name !== undefined && slot.name === name;

/** What has no name goes first, then what is spare. */
const standing = ({ name, isSpare }: Slot<unknown>): number => (name === undefined ? 0 : isSpare ? 1 : 2);

/** Whether somebody waits for it. */
const isUrgent = ({ priority }: Pick<Request, 'priority'>): boolean => priority !== 'background';
