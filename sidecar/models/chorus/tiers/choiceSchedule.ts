import { padRows } from '../cache/rowPadding.ts';
import { lastAttendingAll, type TierOptions } from './tierOptions.ts';

/** A choice of rows. */
export interface Choice {
  /** Length of the sequence when they were chosen. */
  readonly at: number;
  /** The same when all heads chose last. */
  readonly allAt: number;
  /** The first of the last tokens that are attended in any case, on a page's first row. */
  readonly windowStart: number;
}

/** What tokens attend, and what is chosen for them. */
export interface DueChoice {
  readonly choice: Choice;
  /** Which heads choose it: none where it was made before, those that need it, or all. */
  readonly choosing: 'none' | 'some' | 'all';
  /** Of the last tokens so many choose. */
  readonly queries: number;
}

/** Rows of a fast tier: those chosen, the last tokens, and what is appended until all heads choose again. */
export function tierRows({ capacity, pageRows, window, refreshTokens, refreshedHeads }: TierOptions): number {
  const choices = refreshedHeads ? Math.ceil(refreshedHeads.othersTokens / refreshTokens) : 1;
  return padRows(capacity + window + pageRows + choices * refreshTokens);
}

/**
 * Says when the rows that a sequence's answer attends are chosen, and by which heads. It depends on where the answer
 * began alone.
 */
export class ChoiceSchedule {
  #last: Choice | undefined;

  constructor(
    private readonly options: TierOptions,
    /** Whether some heads choose more often than others. */
    private readonly hasSome: boolean,
  ) {}

  /** Whether choosing rows of a sequence of this length leaves enough out. */
  isWorthwhile(length: number): boolean {
    return length > lastAttendingAll(this.options);
  }

  /**
   * Tokens that can be appended to an answer before rows are chosen, or chosen anew. A choice is made by a token that
   * is known, never by a draft.
   */
  tokensBeforeChoice(length: number): number {
    if (!this.isWorthwhile(length)) return lastAttendingAll(this.options) + 1 - length;
    return this.#last ? Math.max(0, this.#last.at + this.options.refreshTokens - length) : 0;
  }

  /** For tokens that are appended at a length. */
  dueAt(length: number): DueChoice {
    const { window, pageRows, refreshTokens, refreshQueries, queries, refreshedHeads } = this.options;
    const last = this.#last;
    if (last && length < last.at + refreshTokens) return { choice: last, choosing: 'none', queries: 0 };
    if (last && this.hasSome && refreshedHeads && length < last.allAt + refreshedHeads.othersTokens)
      return { choice: { ...last, at: length }, choosing: 'some', queries: refreshQueries };
    const choice = { at: length, allAt: length, windowStart: Math.floor((length - window) / pageRows) * pageRows };
    return { choice, choosing: 'all', queries: last ? refreshQueries : queries };
  }

  /** The rows of a choice are there. */
  made(choice: Choice): void {
    this.#last = choice;
  }

  /** Those of the last choice are not there any more, or are not to be attended. */
  restart(): void {
    this.#last = undefined;
  }

  /** The sequence is only so long any more. */
  truncated(length: number): void {
    if (this.#last && length < this.#last.at) this.restart();
  }
}
