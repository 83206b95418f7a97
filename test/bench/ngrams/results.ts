import type { TokenRecord } from './cacheModel.ts';
import type { DraftCounts } from './drafts.ts';

/** By how much is written: the line, or 200 tokens; by where drafts come from. */
export interface DraftResult extends Readonly<
  Record<'line' | 'block', Readonly<Record<'prompt' | 'files', DraftCounts>>>
> {
  readonly id: string;
}

/**
 * Of the tokens of the line and of what follows it, with the file alone in the prompt and with other files; by which
 * texts are looked into.
 */
export interface TokenResult extends Readonly<
  Record<'file' | 'workspace', Readonly<Record<'prompt' | 'files', readonly TokenRecord[]>>>
> {
  readonly id: string;
  readonly packageName: string;
  /** How many of the tokens are the line's. */
  readonly lineTokens: number;
}
