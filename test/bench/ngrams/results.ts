import type { TokenRecord } from './cacheModel.ts';
import type { DraftCounts } from './drafts.ts';

/** Draft counts by the written part (the line, or 200 tokens) and the source of drafts. */
export interface DraftResult extends Readonly<
  Record<'line' | 'block', Readonly<Record<'prompt' | 'files', DraftCounts>>>
> {
  readonly id: string;
}

/**
 * Records of the tokens of the line and of its continuation, with the file alone in the prompt and with other files. By
 * the texts that are searched.
 */
export interface TokenResult extends Readonly<
  Record<'file' | 'workspace', Readonly<Record<'prompt' | 'files', readonly TokenRecord[]>>>
> {
  readonly id: string;
  readonly packageName: string;
  /** The number of tokens that belong to the line. */
  readonly lineTokens: number;
}
