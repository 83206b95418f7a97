import { commonPrefixLength } from '../../../common/commonPrefix.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import type { SelectionPlan } from './layerSelection.ts';

/** A sequence that receives the kept rows of a prompt. */
export interface PrefillTarget {
  /** Empty, with room for the kept rows. With an adaptive budget it stays empty. */
  readonly sequence: SequenceCache;
  /** Absent: all rows are kept. */
  readonly selection?: SelectionPlan;
}

/** The tokens to read, and the sequences that each keep some of their rows. */
export interface Prompt {
  readonly tokens: readonly TokenId[];
  readonly targets: readonly PrefillTarget[];
}

/** Returns the plans that drop some of the prompt's rows. */
export const plansOf = ({ tokens, targets }: Prompt): readonly SelectionPlan[] =>
  targets.flatMap(({ selection }) => (selection && tokens.length > selection.capacity ? [selection] : []));

/**
 * Returns the length of the common prefix that can be read once for all prompts. The tokens of windows and the last
 * token are read for each prompt.
 */
export function sharedLength(prompts: readonly Prompt[]): number {
  const [first, ...others] = prompts;
  if (!first || others.length === 0) return 0;
  const common = Math.min(...others.map(({ tokens }) => commonPrefixLength(first.tokens, tokens)));
  return Math.max(
    0,
    Math.min(
      common,
      ...prompts.map((prompt) => prompt.tokens.length - Math.max(1, ...plansOf(prompt).map(({ window }) => window))),
    ),
  );
}

/**
 * Groups targets with the same selector and window. In a group they differ only in the number of rows that they keep.
 */
export function grouped(targets: readonly PrefillTarget[]): readonly (readonly PrefillTarget[])[] {
  const groups: PrefillTarget[][] = [];
  for (const target of targets) {
    const alike = groups.find(([first]) => first && isAlike(first, target));
    if (alike) alike.push(target);
    else groups.push([target]);
  }
  return groups;
}

/** Whether the same selector chooses for both, with the same window. */
export const isAlike = ({ selection: one }: PrefillTarget, { selection: other }: PrefillTarget): boolean =>
  one?.selector === other?.selector && one?.window === other?.window;
