import { isWordAt } from '../words.ts';
import type { LineChange } from './lineChange.ts';
import { likenessOf } from './rewritePlaces.ts';
import { reversalRatio, tokensBeyond } from './reversal.ts';

/** A line that a model wrote anew, and how sure the model is. */
export interface Rewriting {
  readonly present: string;
  readonly text: string;
  /** How much likelier the model finds the first token that differs than the present one, in nats. */
  readonly leadNats: number;
  /** How much likelier the model finds the written line than the present one, in nats. */
  readonly gainNats: number;
  /** The negative logarithm of the probability of the least likely token that differs. */
  readonly worstNats: number;
}

/** Why a written line is not shown. */
export type Refusal = 'same' | 'copy' | 'unlike' | 'deletion' | 'long' | 'strange' | 'unrelated' | 'reversal' | 'unsure';

/** The least lead of the first token that differs. Below it nothing is written. */
export const MIN_LEAD_NATS = 1;
const MIN_GAIN_NATS = 2;
const MAX_WORST_NATS = 1;
/** A written line that has less in common with the present one is another statement. */
const MIN_LIKENESS = 0.5;
const MAX_ADDED_UNITS = 80;
const MAX_REVERSAL = 0;

/** Returns why a written line is not shown, or `undefined` if it is. `edit` is the user's edit that it follows. */
export function refusalOf(rewriting: Rewriting, edit: LineChange): Refusal | undefined {
  return textRefusal(rewriting, edit) ?? (isSure(rewriting) ? undefined : 'unsure');
}

function isSure({ leadNats, gainNats, worstNats }: Rewriting): boolean {
  return leadNats >= MIN_LEAD_NATS && gainNats >= MIN_GAIN_NATS && worstNats <= MAX_WORST_NATS;
}

/** Returns why a written line cannot be right, however sure the model is. */
export function textRefusal({ present, text }: Pick<Rewriting, 'present' | 'text'>, edit: LineChange): Refusal | undefined {
  if (text.trim() === present.trim()) return 'same';
  if (edit.after.split('\n').some((line) => line.trim() === text.trim())) return 'copy';
  const [gone, come] = [tokensBeyond(present, text), tokensBeyond(text, present)];
  if (come.length === 0) return 'deletion';
  if (text.includes('\n') || text.length > present.length + MAX_ADDED_UNITS) return 'long';
  if (likenessOf(present, text) < MIN_LIKENESS || indentation(present) !== indentation(text)) return 'unlike';
  const known = new Set([...tokensBeyond(edit.before, ''), ...tokensBeyond(edit.after, '')]);
  if (come.some((token) => isWordAt(token, 0) && !known.has(token))) return 'strange';
  if (!isLike(edit, { gone, come })) return 'unrelated';
  const change = { before: present, after: text };
  return reversalRatio(edit, change) > MAX_REVERSAL ? 'reversal' : undefined;
}

/** Whether a change brings or takes away a word as the edit did. */
function isLike(edit: LineChange, { gone, come }: { readonly gone: readonly string[]; readonly come: readonly string[] }): boolean {
  const shares = (one: readonly string[], other: readonly string[]): boolean =>
    one.some((token) => isWordAt(token, 0) && other.includes(token));
  return (
    shares(tokensBeyond(edit.after, edit.before), come) || shares(tokensBeyond(edit.before, edit.after), gone)
  );
}

function indentation(line: string): string {
  return /^\s*/.exec(line)?.[0] ?? '';
}
