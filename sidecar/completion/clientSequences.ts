import { commonPrefixLength, differingTokens } from '../common/commonPrefix.ts';
import { LARGEST_STRETCH } from '../engine/copyRows.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineGenerateResult, LoadedModel, TokenId } from '../protocol/engine.ts';

/** A document of a client; a `CompletionRequest` is one. */
export interface ClientDocument {
  readonly clientKey: string;
  readonly uri: string;
}

interface KeptDocument {
  readonly uri: string;
  readonly sequence: string;
}

type RequestResult = Pick<EngineGenerateResult, 'sequence' | 'reusedTokens' | 'evaluatedTokens'>;

/** Where a prompt is to be evaluated: of an engine's request. */
export interface ReadingPlace {
  readonly sequence: string;
  /** What holds the beginning of it, perhaps, and is used itself where there is no room for both. */
  readonly copyFrom?: string;
  /** Only where nobody loses a place for it. */
  readonly isSpare?: boolean;
}

export interface ClientSequencesOptions {
  readonly engine: Pick<Engine, 'releaseSequence' | 'hasSequence'>;
  /** The document has no sequence of its own any more. */
  readonly onLost?: (document: ClientDocument) => void;
}

/**
 * Documents of a client that have a sequence of their own. The engine may have room for fewer: then it says so, or
 * takes the one that was used least lately.
 */
const MAX_DOCUMENTS = 3;

/**
 * The engine's sequences of each client, so that nothing of one window's code serves another: the last few documents
 * have one each, so that who comes back to one finds it as it was, and in one more the next context is read. Whoever
 * types on in the midst of that finds all as it was.
 */
export class ClientSequences {
  /** The document that completions were asked for last comes first, then those before it. */
  readonly #documents = new Map<string, readonly KeptDocument[]>();
  /** What each sequence is known to hold of the prompt that it was given last. */
  readonly #held = new Map<string, readonly TokenId[]>();
  #copiesRows = false;

  constructor(private readonly options: ClientSequencesOptions) {}

  /** The name of the texts that answers may go on like. */
  texts(clientKey: string): string {
    return this.names(clientKey)[0] as string;
  }

  /** All that the client may have. */
  names(clientKey: string): readonly string[] {
    return Array.from(
      { length: MAX_DOCUMENTS + 1 },
      (_, index) => `completion:${clientKey}${index === 0 ? '' : `:${index + 1}`}`,
    );
  }

  /** Whether prompts for the document are evaluated in this sequence. */
  isOf({ clientKey, uri }: ClientDocument, sequence: string): boolean {
    return this.#of(clientKey).some((kept) => kept.uri === uri && kept.sequence === sequence);
  }

  /**
   * The document whose prompts the engine holds the beginning of this one's from: itself where it has a sequence of its
   * own, else the one before it; none where nothing is held for the client. Of a document that the user comes back to
   * the engine is asked whether its sequence is still there.
   */
  async baseOf({ clientKey, uri }: ClientDocument): Promise<string | undefined> {
    const [current] = this.#of(clientKey);
    const own = this.#ownOf({ clientKey, uri });
    if (own === undefined || own === current) return current?.uri;
    const isThere = (await this.options.engine.hasSequence?.(own.sequence).catch(() => false)) ?? true;
    if (isThere) return uri;
    if (this.isOf({ clientKey, uri }, own.sequence)) this.#lose(clientKey, own);
    return this.#of(clientKey)[0]?.uri;
  }

  /** Tokens of a prompt that would have to be evaluated, as far as is known. */
  newTokens(document: ClientDocument, tokens: readonly TokenId[]): number {
    const own = this.#ownOf(document);
    const copied = own === undefined || this.#copiesRows ? this.#common(this.#otherOf(document), tokens) : 0;
    return tokens.length - Math.max(this.#common(own, tokens), copied);
  }

  /**
   * Tokens that who goes on at the last prompt evaluated at a place would wait for anew if this one were evaluated
   * there. What both end with is what stands behind the cursor, and is evaluated for every prompt anyway.
   */
  lostTokens({ sequence }: ReadingPlace, tokens: readonly TokenId[]): number {
    return differingTokens(this.#held.get(sequence) ?? [], tokens);
  }

  /**
   * Where to evaluate a prompt of what is asked: in the document's own sequence. A document without one gets a new one,
   * if more than `unfeltTokens`, and more than that costs, would be lost otherwise of the one before it. What that one
   * holds of the prompt is copied; where it can't be, and would be felt when it is evaluated again, there is no new
   * one.
   */
  placeToAsk(document: ClientDocument, tokens: readonly TokenId[], unfeltTokens: number): ReadingPlace {
    const { clientKey } = document;
    const own = this.#ownOf(document);
    const other = this.#otherOf(document);
    if (other === undefined) return { sequence: own?.sequence ?? this.#emptiest(clientKey) };
    const common = this.#common(other, tokens);
    if (own !== undefined) {
      const isBack = own !== this.#of(clientKey)[0];
      // The copy may have been ended on the way.
      return {
        sequence: own.sequence,
        ...((isBack || common > this.#common(own, tokens)) && { copyFrom: other.sequence }),
      };
    }
    const lostTokens = this.#heldTokens(other) - common;
    const isInPlace =
      lostTokens <= unfeltTokens || (this.#copiesRows ? lostTokens <= common % LARGEST_STRETCH : common > unfeltTokens);
    return isInPlace ? { sequence: other.sequence } : { sequence: this.#emptiest(clientKey), copyFrom: other.sequence };
  }

  /**
   * Where to read a prompt that nobody waits for: in the document's own sequence where what that loses, or what there
   * is to read, are no more than `unfeltTokens`; else beside it. What nothing was asked for yet takes nobody's place.
   */
  placeToRead(document: ClientDocument, tokens: readonly TokenId[], unfeltTokens: number): ReadingPlace {
    const { clientKey } = document;
    const [current] = this.#of(clientKey);
    const own = this.#ownOf(document);
    const spare = own !== undefined && own === current ? {} : { isSpare: true };
    if (own !== undefined && Math.min(this.#heldTokens(own), tokens.length) - this.#common(own, tokens) <= unfeltTokens)
      return { sequence: own.sequence, ...spare };
    const base = own ?? current;
    return { sequence: this.#fullest(clientKey, tokens), ...(base && { copyFrom: base.sequence }), ...spare };
  }

  /**
   * A request for a prompt ended: the sequence that it used holds what was reused and evaluated of it. One that ended
   * before it had a sequence changed nothing; one that failed, which has no result, may have left anything in
   * `sequence`.
   */
  ended(sequence: string, tokens: readonly TokenId[], result: RequestResult | undefined): void {
    if (result === undefined) this.#held.delete(sequence);
    else if (result.sequence !== undefined)
      this.#held.set(result.sequence, tokens.slice(0, result.reusedTokens + result.evaluatedTokens));
  }

  /**
   * A request of what is asked, at `place`, ended: as `ended`, and the sequence that it used is the document's own now,
   * unless that has another one by now. A server names none: what it holds, if anything, is of the last document.
   */
  asked(
    document: ClientDocument,
    place: ReadingPlace,
    tokens: readonly TokenId[],
    result: RequestResult | undefined,
  ): void {
    this.ended(place.sequence, tokens, result);
    const used = result?.sequence ?? (result !== undefined && result.evaluatedTokens > 0 ? place.sequence : undefined);
    if (used === undefined) return;
    const own = this.#ownOf(document)?.sequence ?? place.sequence;
    if (own === place.sequence) this.#keep(document, used, 0);
    else if (!this.#of(document.clientKey).some(({ sequence }) => sequence === used)) this.#release(used);
  }

  /**
   * A prompt of the document was read whole in `sequence`, which is the document's own now. The document that
   * completions are asked for stays the first.
   */
  read(document: ClientDocument, sequence: string): void {
    const index = this.#of(document.clientKey).findIndex(({ uri }) => uri === document.uri);
    this.#keep(document, sequence, index < 0 ? 1 : index);
  }

  /** Another engine, or another model, holds nothing. `copiesRows`: its sequences can copy from one another. */
  loaded({ copiesRows = false }: Pick<LoadedModel, 'copiesRows'>): void {
    this.#documents.clear();
    this.#held.clear();
    this.#copiesRows = copiesRows;
  }

  forget(clientKey: string): void {
    for (const name of this.names(clientKey)) this.#held.delete(name);
    this.#documents.delete(clientKey);
  }

  #of(clientKey: string): readonly KeptDocument[] {
    return this.#documents.get(clientKey) ?? [];
  }

  #ownOf({ clientKey, uri }: ClientDocument): KeptDocument | undefined {
    return this.#of(clientKey).find((kept) => kept.uri === uri);
  }

  /** The document that the user comes from. */
  #otherOf({ clientKey, uri }: ClientDocument): KeptDocument | undefined {
    return this.#of(clientKey).find((kept) => kept.uri !== uri);
  }

  #heldTokens({ sequence }: Pick<KeptDocument, 'sequence'>): number {
    return this.#held.get(sequence)?.length ?? 0;
  }

  /** Tokens at the beginning of the prompt that the sequence holds. */
  #common(kept: Pick<KeptDocument, 'sequence'> | undefined, tokens: readonly TokenId[]): number {
    return kept === undefined ? 0 : commonPrefixLength(this.#held.get(kept.sequence) ?? [], tokens);
  }

  /** The sequence of no document that holds least: what was begun to be read in another one is not lost. */
  #emptiest(clientKey: string): string {
    return this.#free(clientKey).reduce((best, each) => (this.#heldTokens(each) < this.#heldTokens(best) ? each : best))
      .sequence;
  }

  /** The sequence of no document that holds most of the prompt: reading goes on where it ended. */
  #fullest(clientKey: string, tokens: readonly TokenId[]): string {
    return this.#free(clientKey).reduce((best, each) =>
      this.#common(each, tokens) > this.#common(best, tokens) ? each : best,
    ).sequence;
  }

  #free(clientKey: string): readonly { readonly sequence: string }[] {
    const taken = new Set(this.#of(clientKey).map(({ sequence }) => sequence));
    return this.names(clientKey).flatMap((sequence) => (taken.has(sequence) ? [] : { sequence }));
  }

  /**
   * Makes the sequence the document's own, at a place in the order; who had it before has none, and what is needed no
   * more is released.
   */
  #keep({ clientKey, uri }: ClientDocument, sequence: string, index: number): void {
    const before = this.#of(clientKey);
    const others = before.filter((kept) => kept.uri !== uri && kept.sequence !== sequence);
    const kept = [...others.slice(0, index), { uri, sequence }, ...others.slice(index)].slice(0, MAX_DOCUMENTS);
    this.#documents.set(clientKey, kept);
    for (const each of before) {
      if (!kept.some((other) => other.uri === each.uri)) this.options.onLost?.({ clientKey, uri: each.uri });
      if (!kept.some((other) => other.sequence === each.sequence)) this.#release(each.sequence);
    }
  }

  #lose(clientKey: string, lost: KeptDocument): void {
    this.#documents.set(
      clientKey,
      this.#of(clientKey).filter((kept) => kept !== lost),
    );
    this.#held.delete(lost.sequence);
    this.options.onLost?.({ clientKey, uri: lost.uri });
  }

  #release(sequence: string): void {
    this.#held.delete(sequence);
    // A dead engine has forgotten it already.
    this.options.engine.releaseSequence(sequence).catch(() => undefined);
  }
}
