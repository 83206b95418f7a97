/*
 * Decides which of the engine's few sequences a request uses. The terms:
 *
 * - Slot: one sequence of the engine and the name that it is kept for. A sequence is one contiguous KV cache.
 * - Owner: a client or a conversation. It names its sequences, for example "completion:window:2".
 * - Sibling: another sequence of the same owner. A request may use its sibling's slot in place of a slot of its own.
 * - Lease: the use of a slot by one request. Nothing else uses the slot until the request ends.
 * - Waiter: a request that has no lease yet.
 * - Background request: no user waits for it. It is cancelled when another request needs its slot.
 * - Expendable: a slot that the user does not need soon. The user has left its document, or only looks at it. Such a
 *   slot is the first to be taken from its name.
 */
import type { Priority } from '../protocol/engine.ts';
import { byEviction, cancelHolder, isBackground, isNamed, isOpen, type Slot, type SlotRequest } from './slots.ts';
import type { Ticket, Turns } from './turns.ts';

/** The use of a sequence by one request, until the request releases it. */
export interface Lease<Sequence> {
  readonly sequence: Sequence;
  /** The name that the sequence is kept for: the requested one, or its sibling. */
  readonly name: string;
  readonly ticket: Ticket;
  /** Whether the sequence still holds the rows of this name. Otherwise it holds the rows of another name. */
  readonly isWarm: boolean;
  release(): void;
}

interface Waiter<Sequence> extends SlotRequest {
  readonly grant: (lease: Lease<Sequence>) => void;
}

/** The clock for a slot that was filled beside its sibling in the background: it is older than any other use. */
const READ_AHEAD_TIME = 0.5;

/**
 * Leases the engine's sequences to requests. A name keeps its sequence, and so its cached prefix, until another name
 * needs the slot. Slots are taken from names in this order: slots without a name, expendable slots, the least recently
 * used slot. Slots that ran out of memory come last. Requests of one name run one after another. The last
 * free slot is reserved for completions: no number of chats makes a completion wait.
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
      isExpendable: false,
      ranOutOfMemory: false,
      holder: undefined,
    }));
  }

  /**
   * Resolves with a lease when the name's sequence is free for this request. Rejects with the signal's reason if it
   * aborts before.
   */
  async acquire(request: SlotRequest, signal: AbortSignal): Promise<Lease<Sequence>> {
    if (request.isExpendable === true && !this.#hasOpenSlot(request)) request.cancel?.();
    signal.throwIfAborted();
    const isNext = !this.#waiters.some(
      (waiter) => waiter.name === request.name && (!isBackground(waiter) || isBackground(request)),
    );
    const lease = isNext ? this.#tryAcquire(request) : undefined;
    return lease ?? this.#wait(request, signal);
  }

  /** The names that have a slot. */
  names(): readonly string[] {
    return this.#slots.flatMap((slot) => slot.name ?? []);
  }

  /** The sequences that no request uses. */
  idle(): readonly Sequence[] {
    return this.#slots.flatMap(({ holder, sequence }) => (holder ? [] : [sequence]));
  }

  /** The sequence of a name. A request may be using it. */
  peek(name: string): Sequence | undefined {
    return this.#slotOf(name)?.sequence;
  }

  /**
   * Takes the slot from a name and returns its sequence, unless a request leases it. The request that leases it sets
   * `inUse`, and `ranOutOfMemory` if that is why it failed.
   */
  forget(
    name: string,
    options: { readonly inUse?: boolean; readonly ranOutOfMemory?: boolean } = {},
  ): Sequence | undefined {
    const slot = this.#slotOf(name);
    if (!slot || (slot.holder !== undefined && !options.inUse)) return undefined;
    slot.name = undefined;
    slot.lastUsed = 0;
    slot.isExpendable = false;
    slot.ranOutOfMemory = options.ranOutOfMemory === true;
    return slot.sequence;
  }

  #wait(request: SlotRequest, signal: AbortSignal): Promise<Lease<Sequence>> {
    return new Promise((resolve, reject) => {
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
      this.#makeRoomFor(request);
    });
  }

  #slotOf(name: string): Slot<Sequence> | undefined {
    return this.#slots.find((slot) => slot.name === name);
  }

  /** Whether the name has a slot, or can get one without a loss for a name that is not expendable. */
  #hasOpenSlot({ name, sibling }: SlotRequest): boolean {
    return this.#slots.some((slot) => slot.name === name || (isOpen(slot) && !isNamed(slot, sibling)));
  }

  /**
   * The name whose slot a request gets or waits for: its own name, or its sibling. `undefined` for an expendable
   * request that cannot have a slot.
   */
  #nameFor(request: SlotRequest): string | undefined {
    const { name, sibling, isExpendable = false } = request;
    if ((sibling === undefined && !isExpendable) || this.#hasOpenSlot(request)) return name;
    return isExpendable ? undefined : sibling;
  }

  #tryAcquire(request: SlotRequest): Lease<Sequence> | undefined {
    const name = this.#nameFor(request);
    const slot = name === undefined ? undefined : this.#freeSlotFor(name, request);
    return slot && this.#lease(slot, name ?? request.name, request);
  }

  /** The slot to lease for a name. `undefined` while its own slot is leased, or too few slots are free. */
  #freeSlotFor(name: string, { priority, sibling }: SlotRequest): Slot<Sequence> | undefined {
    const own = this.#slotOf(name);
    if (own?.holder) return undefined;
    const free = this.#slots.filter((slot) => slot.holder === undefined).sort(byEviction);
    if (free.length < this.#freeSlotsNeeded(priority)) return undefined;
    return own ?? free.find((slot) => !isNamed(slot, sibling)) ?? free[0];
  }

  #lease(slot: Slot<Sequence>, name: string, request: SlotRequest): Lease<Sequence> {
    const isWarm = slot.name === name;
    const ticket = this.turns.enter(request.priority);
    slot.holder = { ticket, cancel: isBackground(request) ? request.cancel : undefined, isCancelled: false };
    this.#noteUse(slot, name, request);
    return {
      sequence: slot.sequence,
      name,
      ticket,
      isWarm,
      release: () => {
        if (slot.holder?.ticket !== ticket) return;
        slot.holder = undefined;
        this.turns.leave(ticket);
        this.#grantWaiters();
      },
    };
  }

  #noteUse(slot: Slot<Sequence>, name: string, request: SlotRequest): void {
    const { sibling, isExpendable = false } = request;
    const isSharing = name !== request.name;
    const isBesideSibling = sibling !== undefined && !isSharing;
    const wasExpendable = slot.name === name && slot.isExpendable;
    slot.name = name;
    slot.isExpendable = isExpendable || (isBackground(request) && wasExpendable);
    slot.lastUsed = isBesideSibling && isBackground(request) && !isExpendable ? READ_AHEAD_TIME : ++this.#clock;
    // Memory may be free again by now.
    slot.ranOutOfMemory = false;
    // The user has moved from the sibling's document to this one.
    const left = isBesideSibling && !isBackground(request) ? this.#slotOf(sibling) : undefined;
    if (left) left.isExpendable = true;
  }

  /** The number of slots that must be free for a request to lease one of them. */
  #freeSlotsNeeded(priority: Priority): number {
    return priority === 'completion' || this.#slots.length === 1 ? 1 : 2;
  }

  /**
   * Frees the slot that a waiter needs. The request that leases it becomes as urgent as the waiter. Background requests
   * are cancelled for a waiter with a user. An expendable waiter without a slot is cancelled.
   */
  #makeRoomFor(request: SlotRequest): void {
    const name = this.#nameFor(request);
    if (name === undefined) return request.cancel?.();
    const own = this.#slotOf(name);
    if (own?.holder) this.turns.raise(own.holder.ticket, request.priority);
    if (isBackground(request)) return;
    if (own) cancelHolder(own);
    const soonFree = this.#slots.filter((slot) => slot === own || !slot.holder || slot.holder.isCancelled);
    const missing = Math.max(0, this.#freeSlotsNeeded(request.priority) - soonFree.length);
    this.#slots
      .filter((slot) => slot.holder?.cancel && !soonFree.includes(slot))
      .sort((a, b) => a.lastUsed - b.lastUsed)
      .slice(0, missing)
      .forEach(cancelHolder);
  }

  #grantWaiters(): void {
    const inOrder = [...this.#waiters].sort((a, b) => Number(isBackground(a)) - Number(isBackground(b)));
    for (const waiter of inOrder) {
      const lease = this.#tryAcquire(waiter);
      if (!lease) {
        this.#makeRoomFor(waiter);
        continue;
      }
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      waiter.grant(lease);
    }
  }
}
