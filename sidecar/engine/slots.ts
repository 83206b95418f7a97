/* The slots of `sequenceTable.ts`, which explains the terms. */
import type { Priority } from '../protocol/engine.ts';
import type { Ticket } from './turns.ts';

/** The part of a request that decides on its slot. */
export interface SlotRequest {
  readonly name: string;
  readonly priority: Priority;
  /** The request uses the slot of this name, if its own could only be taken from a name that is not expendable. */
  readonly sibling?: string | undefined;
  /** The request gets a slot only if no other name loses one. Its slot is expendable afterwards. */
  readonly isExpendable?: boolean | undefined;
  /** Ends the request soon. Called if a background request's slot is needed, or if an expendable one gets none. */
  readonly cancel?: () => void;
}

/** The request that leases a slot. */
interface Holder {
  readonly ticket: Ticket;
  /** Absent for a request that a user waits for. */
  readonly cancel: (() => void) | undefined;
  isCancelled: boolean;
}

export interface Slot<Sequence> {
  readonly sequence: Sequence;
  /** The name whose rows the sequence holds. */
  name: string | undefined;
  /** The table's clock at the last use. */
  lastUsed: number;
  isExpendable: boolean;
  /** Whether the last request on the sequence ran out of memory. */
  ranOutOfMemory: boolean;
  holder: Holder | undefined;
}

/** Whether a slot can be taken without a loss for a name that is not expendable. */
export const isOpen = ({ name, isExpendable, holder, ranOutOfMemory }: Slot<unknown>): boolean =>
  !ranOutOfMemory && !holder && (name === undefined || isExpendable);

export const isNamed = (slot: Slot<unknown>, name: string | undefined): boolean =>
  name !== undefined && slot.name === name;

export const isBackground = ({ priority }: Pick<SlotRequest, 'priority'>): boolean => priority === 'background';

/** Sorts free slots: the first one is taken first. */
export const byEviction = (a: Slot<unknown>, b: Slot<unknown>): number =>
  Number(a.ranOutOfMemory) - Number(b.ranOutOfMemory) || evictionRank(a) - evictionRank(b) || a.lastUsed - b.lastUsed;

const evictionRank = ({ name, isExpendable }: Slot<unknown>): number => (name === undefined ? 0 : isExpendable ? 1 : 2);

/** Cancels the background request that leases a slot, once. */
export function cancelHolder({ holder }: Slot<unknown>): void {
  if (!holder?.cancel || holder.isCancelled) return;
  holder.isCancelled = true;
  holder.cancel();
}
