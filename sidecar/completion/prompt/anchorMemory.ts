import type { TextEngine } from '../../engine/engine.ts';
import type { LoadedModel, TokenId } from '../../protocol/engine.ts';
import type { Cursor } from '../cursor.ts';
import type { FimFormat } from './fim.ts';
import { PlaceMemory, type PromptPlace } from './placeMemory.ts';
import type { PromptText } from './prompt.ts';
import { isOfClosers } from './suffixMemory.ts';

/** The most tokens between an anchor and the cursor. A prompt may be so much longer than its budget. */
export const MOST_TYPED_TOKENS = 128;
/** The same limit in UTF-16 units, before the text is tokenized. */
const MOST_TYPED_UNITS = 4 * MOST_TYPED_TOKENS;
/** Enough text to find the rest of a suffix by. */
const TELLING_UNITS = 200;

/** A text that is split in two, with the tokens of the first part as they are in the prompt. */
export interface Split {
  readonly prefix: string;
  readonly prefixTokens: readonly TokenId[];
  readonly suffix: string;
}

/** Where the text of earlier prompts was split. Text that was typed since then comes behind the middle mark. */
interface Anchor {
  readonly split: Split;
  /** The model whose tokens the split has. */
  readonly model: LoadedModel;
  /** Where `split.prefix` begins in `Cursor.before`, and where that text begins in the document. */
  readonly start: number;
  readonly beforeStart: number;
}

/** A place in a document, and the text of it that fits into a prompt. */
export interface Surroundings {
  readonly model: LoadedModel;
  readonly cursor: Cursor;
  readonly text: PromptText;
}

/** Whether a model's prompts can be split before the cursor. */
export async function takesAnchors(
  engine: Pick<TextEngine, 'tokenize' | 'detokenize'>,
  fim: FimFormat | undefined,
): Promise<boolean> {
  if (fim?.order !== 'psm' || fim.middle === undefined) return false;
  // Some tokenizers put a space before each text, which would stand in the middle of a word here.
  return (await engine.detokenize(await engine.tokenize('a', { special: false }))) === 'a';
}

/**
 * Keeps the place where prompts are split. A model reads the text behind the cursor after the text before it, so a
 * split at the cursor would make each keystroke evaluate the text behind it again. Text that was typed since then comes
 * behind the middle mark, as the beginning of the middle (docs/results/anchored-text.md).
 */
export class AnchorMemory {
  readonly #anchors = new PlaceMemory<Anchor>();

  /**
   * Returns the split of the last prompt if the user typed a little behind it and changed nothing else, and the text
   * from its beginning to the cursor. The limit is half as large when reading ahead, so that the split moves in a
   * pause.
   */
  find(
    place: PromptPlace,
    { model, cursor, text }: Surroundings,
    isReadingAhead = false,
  ): { readonly anchor: Split; readonly prefix: string } | undefined {
    const anchor = this.#anchors.get(place);
    if (anchor === undefined || anchor.model !== model) return undefined;
    const { split } = anchor;
    const prefix = prefixFrom(anchor, cursor, text);
    if (prefix === undefined) return undefined;
    const mostUnits = isReadingAhead ? MOST_TYPED_UNITS / 2 : MOST_TYPED_UNITS;
    const isCut = text.suffix.length < cursor.after.length;
    return prefix.length - split.prefix.length <= mostUnits && standsFor(split.suffix, text.suffix, isCut)
      ? { anchor: split, prefix }
      : undefined;
  }

  /**
   * Returns where to split the text before the cursor, as an index. This is the cursor. It is the end of the previous
   * line if the user deletes or goes back in the line, so that the next step back changes little.
   */
  splitOf(place: PromptPlace, { model, text: { prefix } }: Surroundings): number {
    const anchor = this.#anchors.get(place);
    const lineEnd = prefix.lastIndexOf('\n');
    const isGoingBack = anchor?.model === model && anchor.split.prefix.startsWith(prefix);
    return isGoingBack && lineEnd >= 0 && prefix.length - lineEnd <= MOST_TYPED_UNITS ? lineEnd : prefix.length;
  }

  hold(place: PromptPlace, split: Split, { model, cursor, text }: Surroundings): void {
    const start = cursor.before.length - text.prefix.length;
    this.#anchors.set(place, { split, model, start, beforeStart: cursor.beforeStart });
  }

  /** Forgets a document's anchors, because the engine holds nothing of the document any more. */
  lost(document: Pick<PromptPlace, 'clientKey' | 'uri'>): void {
    this.#anchors.lost(document);
  }

  forget(clientKey: string): void {
    this.#anchors.forget(clientKey);
  }
}

/**
 * Returns the text from the anchor's beginning to the cursor. Returns `undefined` if the text before the anchor
 * changed.
 */
function prefixFrom({ split, start, beforeStart }: Anchor, cursor: Cursor, text: PromptText): string | undefined {
  if (text.prefix.startsWith(split.prefix)) return text.prefix;
  // In a long document the prompt's text begins further on meanwhile.
  const isThere = start >= 0 && cursor.beforeStart === beforeStart && cursor.before.startsWith(split.prefix, start);
  return isThere ? cursor.before.slice(start) : undefined;
}

/**
 * Whether an earlier suffix can stand for the present one: they are equal, or the editor added closers at the cursor.
 * Suffixes that were cut to a budget may end elsewhere.
 */
function standsFor(earlier: string, present: string, isCut: boolean): boolean {
  const at = present.indexOf(earlier.slice(0, TELLING_UNITS));
  const added = earlier === '' ? present : present.slice(0, Math.max(0, at));
  if (at < 0 || !isOfClosers(added)) return false;
  const rest = present.slice(added.length);
  return rest === earlier || (isCut && (rest.startsWith(earlier) || earlier.startsWith(rest)));
}
