import { padRows } from '../cache/rowPadding.ts';
import { lastAttendingAll, type TierOptions } from './tierOptions.ts';

/** A choice of rows. */
export interface Choice {
  /** The length of the sequence at this choice. */
  readonly at: number;
  /** The length of the sequence at the last choice of all heads. */
  readonly allAt: number;
  /** The first row of the window, which is always attended. It is the first row of a page. */
  readonly windowStart: number;
}

/** The rows that tokens attend, and which of them are chosen now. */
export interface DueChoice {
  readonly choice: Choice;
  /** The heads that choose now: none if an earlier choice still serves, those that need it, or all. */
  readonly choosing: 'none' | 'some' | 'all';
  /** How many of the last tokens choose. */
  readonly queries: number;
}

/** The rows of a fast tier: the chosen rows, the window, and the rows appended until all heads choose again. */
export function tierRows({ capacity, pageRows, window, refreshTokens, refreshedHeads }: TierOptions): number {
  const choices = refreshedHeads ? Math.ceil(refreshedHeads.othersTokens / refreshTokens) : 1;
  return padRows(capacity + window + pageRows + choices * refreshTokens);
}

/**
 * Decides when the rows that an answer attends are chosen, and by which heads. That depends only on where the answer
 * began.
 */
export class ChoiceSchedule {
  #last: Choice | undefined;

  constructor(
    private readonly options: TierOptions,
    /** Whether some heads choose more often than others. */
    private readonly hasSome: boolean,
  ) {}

  /** Whether a choice of rows leaves out enough of a sequence of this length. */
  isWorthwhile(length: number): boolean {
    return length > lastAttendingAll(this.options);
  }

  /**
   * The number of tokens that can be appended to an answer before rows are chosen again. Only known tokens choose,
   * never a draft.
   */
  tokensBeforeChoice(length: number): number {
    if (!this.isWorthwhile(length)) return lastAttendingAll(this.options) + 1 - length;
    return this.#last ? Math.max(0, this.#last.at + this.options.refreshTokens - length) : 0;
  }

  /** Returns the choice for tokens that are appended at a length. */
  dueAt(length: number): DueChoice {
    const { window, pageRows, refreshTokens, refreshQueries, queries, refreshedHeads } = this.options;
    const last = this.#last;
    if (last && length < last.at + refreshTokens) return { choice: last, choosing: 'none', queries: 0 };
    if (last && this.hasSome && refreshedHeads && length < last.allAt + refreshedHeads.othersTokens)
      return { choice: { ...last, at: length }, choosing: 'some', queries: refreshQueries };
    const choice = { at: length, allAt: length, windowStart: Math.floor((length - window) / pageRows) * pageRows };
    return { choice, choosing: 'all', queries: last ? refreshQueries : queries };
  }

  /** Says that the rows of a choice are in the fast tier. */
  made(choice: Choice): void {
    this.#last = choice;
  }

  /** Says that the rows of the last choice are gone, or must not be attended. */
  restart(): void {
    this.#last = undefined;
  }

  /** Says that the sequence was truncated to a length. */
  truncated(length: number): void {
    if (this.#last && length < this.#last.at) this.restart();
  }
}
