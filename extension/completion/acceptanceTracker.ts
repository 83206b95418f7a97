/**
 * One change of a document's text, in UTF-16 units of the text before it. Several changes of one event come from the
 * end to the start.
 */
export interface TextChange {
  readonly offset: number;
  readonly removedLength: number;
  readonly text: string;
}

/** Ghost text that was offered: `text` would replace the document from `offset` on. */
export interface OfferedCompletion {
  readonly completionId: string;
  readonly offset: number;
  readonly text: string;
  /** How much of `text` already stood at `offset` when it was offered. */
  readonly typedLength: number;
  /** Characters after the cursor that acceptance replaces. */
  readonly replacedLength?: number;
}

export type AcceptanceEvent =
  | {
      readonly kind: 'acceptedPartly';
      readonly completionId: string;
      /** Of this completion, this and earlier parts together. */
      readonly acceptedCharacters: number;
      readonly addedCharacters: number;
      /** Whether nothing of this completion was accepted before. */
      readonly isFirst: boolean;
    }
  | { readonly kind: 'dismissed'; readonly completionId: string };

export interface OfferResult {
  /** Completions that are new to the user, not the rest of what was offered before. */
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

/** What an editor inserts for one opening bracket or quote. */
const BRACKET_WITH_CLOSER = /^(?:\(\)|\[\]|\{\}|<>|""|''|``)$/u;
/** What one stroke inserts without anything being accepted; Enter brings its indentation. */
const TYPED_IN_ONE_STROKE = /^(?:.|\r?\n[\t ]*)$/su;

/**
 * Follows what becomes of offered ghost text in one document. VS Code tells extensions of full acceptance only (by the
 * item's command); acceptance by word or line is seen as a change that inserts, in one stroke, the next characters of
 * what was offered.
 */
export class AcceptanceTracker {
  readonly #offers = new Map<string, Offer>();
  /** VS Code does not tell which of several it displays, and goes on with that one when it is offered another. */
  #alternatives: AcceptanceTracker | undefined;

  /**
   * Begins to follow `completions` in place of those before. `alternatives`: what the user may choose instead; nothing
   * is told of them.
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

  /** The item's command ran: all of it was taken, and nothing else is offered any more. */
  accept(completionId: string): OfferedCompletion | undefined {
    const offer = this.#offers.get(completionId);
    this.#offers.clear();
    this.#alternatives = undefined;
    return offer && { completionId, offset: offer.offset, text: offer.text, typedLength: offer.typedLength };
  }

  /** Applies one change event of the document. `undone`: the change is an undo or redo, which accepts nothing. */
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

  /** Whether the cursor at `offset` still stands where ghost text continues. */
  isAt(offset: number): boolean {
    return (
      [...this.#offers.values()].some((offer) => offer.offset + offer.typedLength === offset) ||
      (this.#alternatives?.isAt(offset) ?? false)
    );
  }

  /** What is offered after the cursor at `offset`, if that is one text. */
  remainingAt(offset: number): string | undefined {
    if (this.#alternatives?.isAt(offset)) return undefined;
    const offer = [...this.#offers.values()].find((each) => each.offset + each.typedLength === offset);
    return offer?.text.slice(offer.typedLength);
  }

  /** The document closed, or the cursor left: what is still offered was not wanted. */
  leave(): readonly AcceptanceEvent[] {
    const events = [...this.#offers].flatMap(([id, offer]) => dismissal(id, offer));
    this.#offers.clear();
    this.#alternatives = undefined;
    return events;
  }
}

/** While one types what is offered, each answer of the server offers the rest anew: that is the same ghost text. */
function isSameContinuation(remaining: string, earlier: string): boolean {
  return remaining !== '' && earlier !== '' && (remaining.startsWith(earlier) || earlier.startsWith(remaining));
}

/** Ghost text taken in part or typed to its end has served: it was not dismissed. */
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
  // All at once is full acceptance: the item's command tells of it.
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

/** How much of the offered text stands after a change at its typed end; `undefined`: the change contradicts it. */
function continuation(offer: Offer, change: TextChange): number | undefined {
  const start = change.offset - offer.offset;
  const replacedAfterCursor = change.offset + change.removedLength - (offer.offset + offer.typedLength);
  if (start < 0 || replacedAfterCursor < 0 || replacedAfterCursor > offer.replacedLength) return undefined;
  const before = offer.text.slice(0, start);
  if (offer.text.startsWith(before + change.text)) {
    offer.replacedLength -= replacedAfterCursor;
    return start + change.text.length;
  }
  // The editor's own closer stands behind the cursor now, in the way of nothing.
  if (!BRACKET_WITH_CLOSER.test(change.text) || !offer.text.startsWith(before + change.text.slice(0, 1)))
    return undefined;
  offer.replacedLength += 1;
  return start + 1;
}
