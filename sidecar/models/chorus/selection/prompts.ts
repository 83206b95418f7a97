import { commonPrefixLength } from '../../../common/commonPrefix.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import type { SelectionPlan } from './layerSelection.ts';

/** A sequence that holds what is chosen of a prompt. */
export interface PrefillTarget {
  /** Empty, and with room for what is kept of the tokens; it stays empty by an adaptive budget. */
  readonly sequence: SequenceCache;
  /** Without one all rows are kept. */
  readonly selection?: SelectionPlan;
}

/** What is read, and the sequences that each hold what they choose of it. */
export interface Prompt {
  readonly tokens: readonly TokenId[];
  readonly targets: readonly PrefillTarget[];
}

/** Plans by which some of the prompt's rows go. */
export const plansOf = ({ tokens, targets }: Prompt): readonly SelectionPlan[] =>
  targets.flatMap(({ selection }) => (selection && tokens.length > selection.capacity ? [selection] : []));

/**
 * Tokens that several prompts begin with and that can be read once for all of them: what windows look at is each
 * prompt's own, and so is its last token.
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
 * Targets by selector and window: those for which the same chooses, and which differ in no more than how many rows they
 * keep.
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

/** Whether the same chooses for both. */
export const isAlike = ({ selection: one }: PrefillTarget, { selection: other }: PrefillTarget): boolean =>
  one?.selector === other?.selector && one?.window === other?.window;
