import type { TokenId } from '../../protocol/engine.ts';
import { PlaceMemory, type PromptPlace } from './placeMemory.ts';
import type { PromptText } from './prompt.ts';
import { differsByClosers } from './suffixMemory.ts';

/** The most tokens between an anchor and the cursor. A prompt may be so much longer than its budget. */
export const MOST_TYPED_TOKENS = 128;
/** The same limit in UTF-16 units, before the text is tokenized. */
const MOST_TYPED_UNITS = 4 * MOST_TYPED_TOKENS;

/** A place where the text of earlier prompts was split. The text behind it comes before the middle mark. */
export interface Anchor {
  /** The text before the place. */
  readonly prefix: string;
  readonly prefixTokens: readonly TokenId[];
  /** The text behind the place. */
  readonly suffix: string;
}

/**
 * Keeps the place where prompts are split. A model reads the text behind the cursor after the text before it, so a
 * split at the cursor would make each keystroke evaluate the text behind it again. Text that was typed since then comes
 * behind the middle mark, as the beginning of the middle (docs/results/anchored-text.md).
 */
export class AnchorMemory {
  readonly #anchors = new PlaceMemory<Anchor>();

  /**
   * Returns the anchor of the last prompt if the user typed a little behind it, and changed nothing else. Less typed
   * text counts as much if the prompt is read ahead, so that the anchor moves in a pause.
   */
  find(place: PromptPlace, text: PromptText, isReadingAhead = false): Anchor | undefined {
    const anchor = this.#anchors.get(place);
    if (anchor === undefined || !text.prefix.startsWith(anchor.prefix)) return undefined;
    const typedUnits = text.prefix.length - anchor.prefix.length;
    const mostUnits = isReadingAhead ? MOST_TYPED_UNITS / 2 : MOST_TYPED_UNITS;
    return typedUnits <= mostUnits && differsByClosers(anchor.suffix, text.suffix) ? anchor : undefined;
  }

  /**
   * Returns where to split the text before the cursor, as an index. This is the cursor. It is the end of the previous
   * line while the user deletes, so that the next deletion changes little.
   */
  splitOf(place: PromptPlace, { prefix }: PromptText): number {
    const anchor = this.#anchors.get(place);
    const lineEnd = prefix.lastIndexOf('\n');
    const isDeleting = anchor !== undefined && anchor.prefix.startsWith(prefix);
    return isDeleting && lineEnd >= 0 && prefix.length - lineEnd <= MOST_TYPED_UNITS ? lineEnd : prefix.length;
  }

  hold(place: PromptPlace, anchor: Anchor): void {
    this.#anchors.set(place, anchor);
  }

  /** Forgets a document's anchors, because the engine holds nothing of the document any more. */
  lost(document: Pick<PromptPlace, 'clientKey' | 'uri'>): void {
    this.#anchors.lost(document);
  }

  forget(clientKey: string): void {
    this.#anchors.forget(clientKey);
  }
}
