import { commonPrefixLength, commonSuffixLength } from '../../common/commonPrefix.ts';
import type { ModelSession } from '../../engine/engine.ts';
import { type LineChange, lineChangeOf } from '../../nextEdits/rewriting/lineChange.ts';
import { LEAST_SURE, refusalOf, type Sureness } from '../../nextEdits/rewriting/rewriteGate.ts';
import { type RewritePlace, rewritePlaces } from '../../nextEdits/rewriting/rewritePlaces.ts';
import type { RecentEdit, SourceDocument, TextEdit } from '../../nextEdits/suggester.ts';
import { isWordAt } from '../../nextEdits/words.ts';
import { rewriteLine } from './lineRewriter.ts';

export interface WriteRequest {
  readonly clientKey: string;
  /** The newest first. */
  readonly edits: readonly RecentEdit[];
  readonly documents: readonly SourceDocument[];
  /** Called before the model is asked. */
  readonly onPlaces?: () => void;
  /** Whether a change brings errors of syntax to a document. */
  readonly breaksSyntax: (document: SourceDocument, edit: TextEdit) => Promise<boolean>;
}

/** A change of one line that the model wrote. */
export interface WrittenEdit {
  readonly uri: string;
  readonly edit: TextEdit;
  readonly sureness: Sureness;
}

export interface EditWriterOptions {
  readonly session: ModelSession;
  /** Whether the machine saves power. Then nothing is written. */
  readonly isQuiet?: () => boolean;
  /** How sure the model must be. Only benches lower it. */
  readonly least?: Sureness;
  /** How long the model may write after an edit. Only benches raise it. */
  readonly limitMs?: number;
  /** The most changes after an edit. Only benches raise it. */
  readonly most?: number;
}

/** The most lines that the model is asked to write after an edit. */
const MAX_PLACES = 3;
/** Suggestions that come later are for another moment. */
const LIMIT_MS = 2_000;
/** The first sure change is shown at once. The next one is written when the user has accepted it. */
const MOST = 1;

/**
 * Lets the loaded model write the lines that an edit may concern too. Everything else in the engine goes first. The
 * next request of a client, or its next change, ends the one before.
 */
export class EditWriter {
  readonly #running = new Map<string, AbortController>();

  constructor(private readonly options: EditWriterOptions) {}

  /**
   * Returns the changes of which the model is sure, best place first. None if no model is loaded, if the model does not
   * run on Chorus's own engine, or if `signal` aborts. Rejects with `TroubleError`.
   */
  async write(request: WriteRequest, signal?: AbortSignal): Promise<readonly WrittenEdit[]> {
    const { clientKey, edits, documents } = request;
    this.stop(clientKey);
    const { session, isQuiet } = this.options;
    const document = documents.find(({ uri }) => uri === edits[0]?.uri);
    const [newest] = edits;
    if (session.loaded?.engine !== 'chorus' || isQuiet?.() === true || newest === undefined || document === undefined)
      return [];
    const places = rewritePlaces(edits, documents, MAX_PLACES);
    if (places.length === 0) return [];
    request.onPlaces?.();
    const own = new AbortController();
    this.#running.set(clientKey, own);
    const edit = lineChangeOf(newest, document.text);
    try {
      return await this.#writeAt(places, { request, edit, signal: anyOf(own.signal, signal) });
    } finally {
      if (this.#running.get(clientKey) === own) this.#running.delete(clientKey);
    }
  }

  /** Ends the writing for a client, as at its next keystroke. */
  stop(clientKey: string): void {
    this.#running.get(clientKey)?.abort();
    this.#running.delete(clientKey);
  }

  /** Forgets a client that left. */
  async forget(clientKey: string): Promise<void> {
    this.stop(clientKey);
    // An engine that ended has forgotten the sequence already.
    await this.options.session.engine.releaseSequence(sequenceOf(clientKey)).catch(() => undefined);
  }

  async #writeAt(places: readonly RewritePlace[], { request, edit, signal }: Writing): Promise<readonly WrittenEdit[]> {
    const { session, least = LEAST_SURE, limitMs = LIMIT_MS, most = MOST } = this.options;
    const endsAt = performance.now() + limitMs;
    const found: WrittenEdit[] = [];
    for (const { document, start, end } of places) {
      const leftMs = endsAt - performance.now();
      if (signal.aborted || leftMs <= 0 || found.length >= most) break;
      const line = document.text.slice(start, end);
      const rewriting = await rewriteLine(
        session.engine,
        {
          edit,
          line,
          languageId: document.languageId,
          sequence: sequenceOf(request.clientKey),
          leastLeadNats: least.leadNats,
          limitMs: leftMs,
        },
        signal,
      );
      if (rewriting === undefined || refusalOf(rewriting, edit, least) !== undefined) continue;
      const written = smallest([start, end, rewriting.text], line);
      if (!(await request.breaksSyntax(document, written)))
        found.push({ uri: document.uri, edit: written, sureness: rewriting.sureness });
    }
    return signal.aborted ? [] : found;
  }
}

interface Writing {
  readonly request: WriteRequest;
  /** The user's edit. */
  readonly edit: LineChange;
  readonly signal: AbortSignal;
}

function sequenceOf(clientKey: string): string {
  return `nextEdit:${clientKey}`;
}

function anyOf(own: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? own : AbortSignal.any([own, other]);
}

/** Returns an edit without the text that stays at its beginning and end. Words stay whole. */
function smallest([start, end, text]: TextEdit, present: string): TextEdit {
  let head = commonPrefixLength(present, text);
  while (head > 0 && isWordAt(present, head - 1)) head--;
  let tail = commonSuffixLength(present, text, head);
  while (tail > 0 && isWordAt(present, present.length - tail)) tail--;
  return [start + head, end - tail, text.slice(head, text.length - tail)];
}
