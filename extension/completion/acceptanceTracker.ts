/**
 * One change of a document's text, in UTF-16 units of the text before it. Several changes of one event are ordered from
 * the end to the start.
 */
export interface TextChange {
  readonly offset: number;
  readonly removedLength: number;
  readonly text: string;
}

/** Ghost text that was offered: `text` would replace the document's text from `offset` on. */
export interface OfferedCompletion {
  readonly completionId: string;
  readonly offset: number;
  readonly text: string;
  /** The length of the part of `text` that already stood at `offset` at the offer. */
  readonly typedLength: number;
  /** The number of characters after the cursor that acceptance replaces. */
  readonly replacedLength?: number;
}

export type AcceptanceEvent =
  | {
      readonly kind: 'acceptedPartly';
      readonly completionId: string;
      /** The number of accepted characters of this completion so far, including `addedCharacters`. */
      readonly acceptedCharacters: number;
      readonly addedCharacters: number;
      /** Whether this is the first accepted part of the completion. */
      readonly isFirst: boolean;
    }
  | { readonly kind: 'dismissed'; readonly completionId: string };

export interface OfferResult {
  /** Completions that are new to the user, as opposed to the rest of an earlier offer. */
  readonly shown: readonly string[];
  readonly events: readonly AcceptanceEvent[];
}

interface Offer {
  offset: number;
  readonly text: string;
  typedLength: number;
  replacedLength: number;
  acceptedCharacters: number;
}

const GONE = -1;

/** The text that an editor inserts for one opening bracket or quote. */
const BRACKET_WITH_CLOSER = /^(?:\(\)|\[\]|\{\}|<>|""|''|``)$/u;
/** The text that one keystroke can insert without an acceptance. Enter also inserts the indentation. */
const TYPED_IN_ONE_STROKE = /^(?:.|\r?\n[\t ]*)$/su;

/**
 * Follows offered ghost text in one document. VS Code reports only full acceptance to extensions (through the item's
 * command). Acceptance by word or line appears as a change that inserts the next characters of the offer at once.
 */
export class AcceptanceTracker {
  readonly #offers = new Map<string, Offer>();
  /**
   * Follows the alternatives of an offer. VS Code does not tell which of several offers it displays, and it keeps
   * displaying that offer when new ones come.
   */
  #alternatives: AcceptanceTracker | undefined;

  /**
   * Starts to follow `completions` and drops the previous ones. The user may choose one of `alternatives` instead,
   * which cause no events.
   */
  offer(completions: readonly OfferedCompletion[], alternatives: readonly OfferedCompletion[] = []): OfferResult {
    if (alternatives.length > 0) (this.#alternatives ??= new AcceptanceTracker()).offer(alternatives);
    const before = [...this.#offers];
    this.#offers.clear();
    const shown: string[] = [];
    const continued = new Set<string>();
    for (const { completionId, offset, text, typedLength, replacedLength = 0 } of completions) {
      const remaining = text.slice(typedLength);
      const earlier = before.find(
        ([id, offer]) => id === completionId || isSameContinuation(remaining, offer.text.slice(offer.typedLength)),
      );
      if (earlier) continued.add(earlier[0]);
      else shown.push(completionId);
      this.#offers.set(completionId, {
        offset,
        text,
        typedLength,
        replacedLength,
        acceptedCharacters: earlier?.[1].acceptedCharacters ?? 0,
      });
    }
    const events = before.flatMap(([id, offer]) => (continued.has(id) ? [] : dismissal(id, offer)));
    return { shown, events };
  }

  /**
   * Handles the item's command: the whole text was accepted. No other offer of this document remains. Changes nothing
   * if another document's text was accepted.
   */
  accept(completionId: string): OfferedCompletion | undefined {
    if (!this.#has(completionId)) return undefined;
    const offer = this.#offers.get(completionId);
    this.#offers.clear();
    this.#alternatives = undefined;
    return offer && { completionId, offset: offer.offset, text: offer.text, typedLength: offer.typedLength };
  }

  #has(completionId: string): boolean {
    return (
      this.#offers.has(completionId) || (this.#alternatives !== undefined && this.#alternatives.#has(completionId))
    );
  }

  /** Applies one change event of the document. If `undone`, the change is an undo or redo, which accepts nothing. */
  change(changes: readonly TextChange[], undone = false): readonly AcceptanceEvent[] {
    this.#alternatives?.change(changes, undone);
    const events: AcceptanceEvent[] = [];
    for (const change of changes) {
      for (const [completionId, offer] of this.#offers) {
        const event = follow(completionId, offer, change, undone);
        if (event) events.push(event);
        if (offer.typedLength === GONE) this.#offers.delete(completionId);
      }
    }
    return events;
  }

  /** Returns whether the cursor at `offset` is at the point where ghost text continues. */
  isAt(offset: number): boolean {
    return (
      [...this.#offers.values()].some((offer) => offer.offset + offer.typedLength === offset) ||
      (this.#alternatives?.isAt(offset) ?? false)
    );
  }

  /** Returns the text offered after the cursor at `offset`, if it is unambiguous. */
  remainingAt(offset: number): string | undefined {
    if (this.#alternatives?.isAt(offset)) return undefined;
    const offer = [...this.#offers.values()].find((each) => each.offset + each.typedLength === offset);
    return offer?.text.slice(offer.typedLength);
  }

  /** Handles a closed document or a cursor that left: every remaining offer counts as dismissed. */
  leave(): readonly AcceptanceEvent[] {
    const events = [...this.#offers].flatMap(([id, offer]) => dismissal(id, offer));
    this.#offers.clear();
    this.#alternatives = undefined;
    return events;
  }
}

/**
 * While the user types the offered text, each answer of the server offers the rest again. That is the same ghost text.
 */
function isSameContinuation(remaining: string, earlier: string): boolean {
  return remaining !== '' && earlier !== '' && (remaining.startsWith(earlier) || earlier.startsWith(remaining));
}

/** Ghost text that was accepted in part or typed to its end was not dismissed. */
function dismissal(completionId: string, offer: Offer): readonly AcceptanceEvent[] {
  return offer.acceptedCharacters > 0 || offer.typedLength >= offer.text.length
    ? []
    : [{ kind: 'dismissed', completionId }];
}

function follow(completionId: string, offer: Offer, change: TextChange, undone: boolean): AcceptanceEvent | undefined {
  const changeEnd = change.offset + change.removedLength;
  const typedEnd = offer.offset + offer.typedLength;
  if (changeEnd < offer.offset) {
    offer.offset += change.text.length - change.removedLength;
    return undefined;
  }
  if (change.offset > typedEnd) return undefined;

  const continued = continuation(offer, change);
  if (continued === undefined) {
    const events = dismissal(completionId, offer);
    offer.typedLength = GONE;
    return events[0];
  }
  const grown = continued - offer.typedLength;
  const inserted = offer.text.slice(offer.typedLength, continued);
  offer.typedLength = continued;
  if (undone || grown <= 0 || TYPED_IN_ONE_STROKE.test(inserted) || BRACKET_WITH_CLOSER.test(change.text))
    return undefined;
  // The whole text at once is a full acceptance, which the item's command reports.
  if (continued === offer.text.length) return undefined;
  const isFirst = offer.acceptedCharacters === 0;
  offer.acceptedCharacters += grown;
  return {
    kind: 'acceptedPartly',
    completionId,
    acceptedCharacters: offer.acceptedCharacters,
    addedCharacters: grown,
    isFirst,
  };
}

/**
 * Returns how much of the offered text is typed after a change at its typed end, or `undefined` if the change
 * contradicts it.
 */
function continuation(offer: Offer, change: TextChange): number | undefined {
  const start = change.offset - offer.offset;
  const replacedAfterCursor = change.offset + change.removedLength - (offer.offset + offer.typedLength);
  if (start < 0 || replacedAfterCursor < 0 || replacedAfterCursor > offer.replacedLength) return undefined;
  const before = offer.text.slice(0, start);
  if (offer.text.startsWith(before + change.text)) {
    offer.replacedLength -= replacedAfterCursor;
    return start + change.text.length;
  }
  // The editor's own closer now stands after the cursor, where acceptance replaces it.
  if (!BRACKET_WITH_CLOSER.test(change.text) || !offer.text.startsWith(before + change.text.slice(0, 1)))
    return undefined;
  offer.replacedLength += 1;
  return start + 1;
}
