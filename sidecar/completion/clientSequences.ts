import { LARGEST_STRETCH } from '../engine/copyRows.ts';
import type { Engine } from '../engine/engine.ts';
import type { LoadedModel, TokenId } from '../protocol/engine.ts';
import { HeldPrompts, type HeldResult } from './heldPrompts.ts';

/** A document of a client. A `CompletionRequest` is one, too. */
export interface ClientDocument {
  readonly clientKey: string;
  readonly uri: string;
}

/** A document and the sequence that holds its prompts. */
interface AssignedDocument {
  readonly uri: string;
  readonly sequence: string;
}

/** The sequence on which to evaluate a prompt: fields of a request to the engine. */
export interface SequenceChoice {
  readonly sequence: string;
  /** The sequence to copy the prompt's beginning from, and to use itself if the engine has no room for both. */
  readonly copyFrom?: string;
  /** Evaluates the prompt only if no other sequence is lost for it. */
  readonly isExpendable?: boolean;
}

export interface ClientSequencesOptions {
  readonly engine: Pick<Engine, 'releaseSequence' | 'hasSequence'>;
  /** Called when a document has no sequence of its own any more. */
  readonly onLost?: (document: ClientDocument) => void;
}

/** How many documents of a client have a sequence of their own. The engine may have room for fewer. */
const MAX_DOCUMENTS = 3;

/**
 * Chooses the engine's sequence for each prompt of a client. Clients share no sequence, so that the code of one window
 * serves no other. Each of a client's last documents has a sequence of its own: a user who comes back finds its rows.
 * One more sequence is for the next context, which is read ahead without a change to the current one.
 */
export class ClientSequences {
  /** The documents of each client, the most recently completed one first. */
  readonly #documents = new Map<string, readonly AssignedDocument[]>();
  readonly #held = new HeldPrompts();
  #copiesRows = false;

  constructor(private readonly options: ClientSequencesOptions) {}

  /** The name of the texts that answers may continue like. */
  texts(clientKey: string): string {
    return this.names(clientKey)[0] as string;
  }

  /** The names of all sequences that a client may have. */
  names(clientKey: string): readonly string[] {
    return Array.from(
      { length: MAX_DOCUMENTS + 1 },
      (_, index) => `completion:${clientKey}${index === 0 ? '' : `:${index + 1}`}`,
    );
  }

  /** Whether a sequence is the document's own. */
  isOf({ clientKey, uri }: ClientDocument, sequence: string): boolean {
    return this.#documentsOf(clientKey).some((each) => each.uri === uri && each.sequence === sequence);
  }

  /**
   * Returns the URI of the document whose evaluated prompt this document's prompt should begin like: itself if it has a
   * sequence, else the client's current document. Returns `undefined` if the client has no sequence. Asks the engine
   * whether it still has the sequence of a document that the user comes back to.
   */
  async baseOf({ clientKey, uri }: ClientDocument): Promise<string | undefined> {
    const [current] = this.#documentsOf(clientKey);
    const own = this.#ownOf({ clientKey, uri });
    if (own === undefined || own === current) return current?.uri;
    const isThere = (await this.options.engine.hasSequence?.(own.sequence).catch(() => false)) ?? true;
    if (isThere) return uri;
    if (this.isOf({ clientKey, uri }, own.sequence)) this.#unassign(clientKey, own);
    return this.#documentsOf(clientKey)[0]?.uri;
  }

  /** Returns how many tokens of a prompt the engine would have to evaluate, as far as is known. */
  newTokens(document: ClientDocument, tokens: readonly TokenId[]): number {
    const own = this.#ownOf(document);
    const copied = own === undefined || this.#copiesRows ? this.#commonTokens(this.#otherOf(document), tokens) : 0;
    return tokens.length - Math.max(this.#commonTokens(own, tokens), copied);
  }

  /**
   * Returns how many tokens the next request of a sequence would have to evaluate again if this prompt replaced its
   * contents. The common end of both prompts does not count: it is mostly the text behind the cursor, which a prompt
   * that is split there evaluates.
   */
  lostTokens({ sequence }: SequenceChoice, tokens: readonly TokenId[]): number {
    return this.#held.differing(sequence, tokens);
  }

  /** Returns the sequence for a prompt that a user waits for. A user does not notice `unfeltTokens` more tokens. */
  chooseForRequest(document: ClientDocument, tokens: readonly TokenId[], unfeltTokens: number): SequenceChoice {
    const own = this.#ownOf(document);
    const other = this.#otherOf(document);
    if (other === undefined) return { sequence: own?.sequence ?? this.#emptiest(document.clientKey) };
    if (own === undefined) return this.#chooseForNew(document, other, tokens, unfeltTokens);
    const isBack = own !== this.#documentsOf(document.clientKey)[0];
    // An earlier copy may have ended before it was whole.
    const copies = isBack || this.#commonTokens(other, tokens) > this.#commonTokens(own, tokens);
    return { sequence: own.sequence, ...(copies && { copyFrom: other.sequence }) };
  }

  /**
   * Returns the sequence for a prompt that is read ahead. It is the document's own if no more than `unfeltTokens` are
   * lost or are new. Otherwise it is another one. A document without a completion takes no sequence from any other.
   */
  chooseForReadAhead(document: ClientDocument, tokens: readonly TokenId[], unfeltTokens: number): SequenceChoice {
    const { clientKey } = document;
    const [current] = this.#documentsOf(clientKey);
    const own = this.#ownOf(document);
    const expendable = own !== undefined && own === current ? {} : { isExpendable: true };
    const heldTokens = Math.min(own === undefined ? 0 : this.#held.length(own.sequence), tokens.length);
    if (own !== undefined && heldTokens - this.#commonTokens(own, tokens) <= unfeltTokens)
      return { sequence: own.sequence, ...expendable };
    const base = own ?? current;
    return { sequence: this.#fullest(clientKey, tokens), ...(base && { copyFrom: base.sequence }), ...expendable };
  }

  /** Notes what `sequence`, or the sequence of the result, holds after a request for a prompt. */
  noteHeld(sequence: string, tokens: readonly TokenId[], result: HeldResult | undefined): void {
    this.#held.note(sequence, tokens, result);
  }

  /**
   * Notes a request of `chooseForRequest` that ended. Its sequence is the document's own now, unless the document got
   * another one meanwhile. A server names no sequence: it holds at most the last document.
   */
  noteRequest(
    document: ClientDocument,
    choice: SequenceChoice,
    tokens: readonly TokenId[],
    result: HeldResult | undefined,
  ): void {
    this.noteHeld(choice.sequence, tokens, result);
    const hasEvaluated = result !== undefined && result.evaluatedTokens > 0;
    const used = result?.sequence ?? (hasEvaluated ? choice.sequence : undefined);
    if (used === undefined) return;
    const own = this.#ownOf(document)?.sequence ?? choice.sequence;
    if (own === choice.sequence) this.#assign(document, used, 0);
    else if (!this.#documentsOf(document.clientKey).some(({ sequence }) => sequence === used)) this.#release(used);
  }

  /**
   * Notes that the whole prompt of a document was read ahead in `sequence`, which is the document's own now. The
   * client's current document stays the same.
   */
  noteReadAhead(document: ClientDocument, sequence: string): void {
    const index = this.#documentsOf(document.clientKey).findIndex(({ uri }) => uri === document.uri);
    this.#assign(document, sequence, index < 0 ? 1 : index);
  }

  /** Forgets all sequences: a new engine or model holds none. `copiesRows`: its sequences can copy from one another. */
  loaded({ copiesRows = false }: Pick<LoadedModel, 'copiesRows'>): void {
    this.#documents.clear();
    this.#held.clear();
    this.#copiesRows = copiesRows;
  }

  /** Forgets the sequences of a client. */
  forget(clientKey: string): void {
    for (const name of this.names(clientKey)) this.#held.delete(name);
    this.#documents.delete(clientKey);
  }

  /**
   * Returns the sequence for a document that has none. It takes the other document's sequence if that loses few tokens,
   * or if a new sequence would cost more. Otherwise it gets a new sequence, which copies the common rows.
   */
  #chooseForNew(
    { clientKey }: ClientDocument,
    other: AssignedDocument,
    tokens: readonly TokenId[],
    unfeltTokens: number,
  ): SequenceChoice {
    const common = this.#commonTokens(other, tokens);
    const lostTokens = this.#held.length(other.sequence) - common;
    const newCostsMore = this.#copiesRows ? lostTokens <= common % LARGEST_STRETCH : common > unfeltTokens;
    return lostTokens <= unfeltTokens || newCostsMore
      ? { sequence: other.sequence }
      : { sequence: this.#emptiest(clientKey), copyFrom: other.sequence };
  }

  #documentsOf(clientKey: string): readonly AssignedDocument[] {
    return this.#documents.get(clientKey) ?? [];
  }

  #ownOf({ clientKey, uri }: ClientDocument): AssignedDocument | undefined {
    return this.#documentsOf(clientKey).find((each) => each.uri === uri);
  }

  /** The most recent document of the client except this one. */
  #otherOf({ clientKey, uri }: ClientDocument): AssignedDocument | undefined {
    return this.#documentsOf(clientKey).find((each) => each.uri !== uri);
  }

  /** The number of tokens at the beginning of a prompt that a document's sequence holds. */
  #commonTokens(assigned: AssignedDocument | undefined, tokens: readonly TokenId[]): number {
    return assigned === undefined ? 0 : this.#held.common(assigned.sequence, tokens);
  }

  /** The unassigned sequence that holds least, so that a prompt that was read in part elsewhere is not lost. */
  #emptiest(clientKey: string): string {
    return this.#unassigned(clientKey).reduce((best, each) =>
      this.#held.length(each) < this.#held.length(best) ? each : best,
    );
  }

  /** The unassigned sequence that holds most of the prompt, so that reading continues where it ended. */
  #fullest(clientKey: string, tokens: readonly TokenId[]): string {
    return this.#unassigned(clientKey).reduce((best, each) =>
      this.#held.common(each, tokens) > this.#held.common(best, tokens) ? each : best,
    );
  }

  /** The names of the client's sequences that belong to no document. */
  #unassigned(clientKey: string): readonly string[] {
    const assigned = new Set(this.#documentsOf(clientKey).map(({ sequence }) => sequence));
    return this.names(clientKey).filter((sequence) => !assigned.has(sequence));
  }

  /**
   * Makes a sequence the document's own, at an index of the client's documents. The former document of the sequence has
   * none then. Releases sequences that no document needs any more.
   */
  #assign({ clientKey, uri }: ClientDocument, sequence: string, index: number): void {
    const before = this.#documentsOf(clientKey);
    const others = before.filter((each) => each.uri !== uri && each.sequence !== sequence);
    const after = [...others.slice(0, index), { uri, sequence }, ...others.slice(index)].slice(0, MAX_DOCUMENTS);
    this.#documents.set(clientKey, after);
    for (const each of before) {
      if (!after.some((other) => other.uri === each.uri)) this.options.onLost?.({ clientKey, uri: each.uri });
      if (!after.some((other) => other.sequence === each.sequence)) this.#release(each.sequence);
    }
  }

  #unassign(clientKey: string, lost: AssignedDocument): void {
    this.#documents.set(
      clientKey,
      this.#documentsOf(clientKey).filter((each) => each !== lost),
    );
    this.#held.delete(lost.sequence);
    this.options.onLost?.({ clientKey, uri: lost.uri });
  }

  #release(sequence: string): void {
    this.#held.delete(sequence);
    // An engine that ended has forgotten the sequence already.
    this.options.engine.releaseSequence(sequence).catch(() => undefined);
  }
}
