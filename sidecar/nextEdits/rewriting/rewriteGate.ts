import { isWordAt } from '../words.ts';
import type { LineChange } from './lineChange.ts';
import { likenessOf } from './rewritePlaces.ts';
import { reversalRatio, tokensBeyond } from './reversal.ts';

/** A line that a model wrote anew. */
export interface Rewriting {
  readonly present: string;
  readonly text: string;
  readonly sureness: Sureness;
}

/** How sure a model is of a line that it wrote, in natural logarithms. */
export interface Sureness {
  /** How much likelier the first token that differs is than the present one. */
  readonly leadNats: number;
  /** How much likelier the rest of the written line is than the rest of the present one. */
  readonly gainNats: number;
  /** The negative logarithm of the probability of the least likely written token. */
  readonly worstNats: number;
}

/** Why a written line is not shown. */
export type Refusal =
  | 'same'
  | 'copy'
  | 'unlike'
  | 'deletion'
  | 'long'
  | 'strange'
  | 'unrelated'
  | 'reversal'
  | 'unsure';

/** Fitted to the commits of this repository ([measured](../../../docs/results/next-edits-model.md)). */
export const LEAST_SURE: Sureness = { leadNats: 2, gainNats: 2, worstNats: 0.7 };
/** A written line that has less in common with the present one is another statement. */
const MIN_LIKENESS = 0.5;
const MAX_ADDED_UNITS = 80;
const MAX_REVERSAL = 0;

/** Returns why a written line is not shown, or `undefined` if it is. `edit` is the user's edit that it follows. */
export function refusalOf(rewriting: Rewriting, edit: LineChange, least = LEAST_SURE): Refusal | undefined {
  return textRefusal(rewriting, edit) ?? (isSure(rewriting.sureness, least) ? undefined : 'unsure');
}

/** Whether a model is as sure as `least` wants. */
export function isSure({ leadNats, gainNats, worstNats }: Sureness, least = LEAST_SURE): boolean {
  return leadNats >= least.leadNats && gainNats >= least.gainNats && worstNats <= least.worstNats;
}

/** Returns why a written line cannot be right, however sure the model is. */
function textRefusal({ present, text }: Pick<Rewriting, 'present' | 'text'>, edit: LineChange): Refusal | undefined {
  if (text.trim() === present.trim()) return 'same';
  if (edit.after.split('\n').some((line) => line.trim() === text.trim())) return 'copy';
  const [gone, come] = [tokensBeyond(present, text), tokensBeyond(text, present)];
  if (come.length === 0) return 'deletion';
  if (text.includes('\n') || text.length > present.length + MAX_ADDED_UNITS) return 'long';
  if (likenessOf(present, text) < MIN_LIKENESS || indentation(present) !== indentation(text)) return 'unlike';
  const known = new Set(tokensBeyond(edit.after, edit.before));
  if (come.some((token) => isWordAt(token, 0) && !known.has(token))) return 'strange';
  if (!isLike(edit, { gone, come })) return 'unrelated';
  const change = { before: present, after: text };
  return reversalRatio(edit, change) > MAX_REVERSAL ? 'reversal' : undefined;
}

/** Whether a change brings or takes away a word as the edit did. */
function isLike(
  edit: LineChange,
  { gone, come }: { readonly gone: readonly string[]; readonly come: readonly string[] },
): boolean {
  const shares = (one: readonly string[], other: readonly string[]): boolean =>
    one.some((token) => isWordAt(token, 0) && other.includes(token));
  return shares(tokensBeyond(edit.after, edit.before), come) || shares(tokensBeyond(edit.before, edit.after), gone);
}

function indentation(line: string): string {
  return /^\s*/.exec(line)?.[0] ?? '';
}
