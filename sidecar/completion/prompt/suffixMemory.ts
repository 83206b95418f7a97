import { LRUCache } from 'lru-cache';
import type { PromptText } from './prompt.ts';

/** The share of the suffix that may differ while the previous one is sent again. */
const STILL_SHARE = 0.1;
/** Closers that the editor adds behind the cursor, also on the next line if Enter is pressed between brackets. */
const CLOSERS = /^(?:[)\]}>"'`;,:]|<\/[\w.:-]*>|\*\/|\/>|end\b)*$/;
/** How many units may be typed after a line that the cursor has left, so that the line still counts as passed. */
const TYPED_SINCE_UNITS = 300;
/** Documents per client: more than have a sequence of their own. */
const MAX_DOCUMENTS = 8;
/** Prompt sizes per document. */
const MAX_SIZES = 4;

/** The key of a held suffix: the prompts of one size in a document. */
export interface SuffixPlace {
  readonly clientKey: string;
  readonly uri: string;
  /** The size of the document's part. */
  readonly maxTokens: number;
}

/**
 * Keeps the suffix the same from prompt to prompt. If it stands before the prefix, any change of it invalidates the
 * engine's whole cached prefix. It keeps a suffix per prompt size for each of a client's last documents.
 */
export class SuffixMemory {
  readonly #last = new Map<string, LRUCache<string, LRUCache<number, string>>>();

  /**
   * Returns the suffix to send. The previous one is kept while the new one differs only a little at its start, near the
   * cursor. The prompt must still tell the model what is around the cursor.
   */
  hold(place: SuffixPlace, text: PromptText): string {
    const { clientKey, uri, maxTokens } = place;
    const held = this.peek(place, text);
    const documents = this.#last.get(clientKey) ?? new LRUCache({ max: MAX_DOCUMENTS });
    const sizes = documents.get(uri) ?? new LRUCache({ max: MAX_SIZES });
    sizes.set(maxTokens, held);
    documents.set(uri, sizes);
    this.#last.set(clientKey, documents);
    return held;
  }

  /** Returns the result of `hold`, without holding it. */
  peek({ clientKey, uri, maxTokens }: SuffixPlace, text: PromptText): string {
    const last = this.#last.get(clientKey)?.get(uri)?.get(maxTokens);
    return last !== undefined && differsLittle(last, text) ? last : text.suffix;
  }

  /** Forgets a document's suffix, because the engine holds nothing of the document any more. */
  lost({ clientKey, uri }: Pick<SuffixPlace, 'clientKey' | 'uri'>): void {
    this.#last.get(clientKey)?.delete(uri);
  }

  forget(clientKey: string): void {
    this.#last.delete(clientKey);
  }
}

function differsLittle(last: string, { prefix, suffix }: PromptText): boolean {
  if (last === suffix) return true;
  const allowed = Math.min(last.length, suffix.length) * STILL_SHARE;
  const passed = missingAtStart(last, suffix, allowed);
  // A line right before the cursor may now occur twice in the prompt. A deleted line must not occur at all, even if the
  // same line stands further up.
  if (passed !== undefined)
    return isOfClosers(passed) || prefix.slice(-passed.length - TYPED_SINCE_UNITS).includes(passed);
  const untold = missingAtStart(suffix, last, allowed);
  return untold !== undefined && isOfClosers(untold);
}

/** Whether a text has only closers and blanks, perhaps behind a line break. */
function isOfClosers(text: string): boolean {
  const line = text.startsWith('\n') ? text.slice(1) : text;
  return !line.includes('\n') && CLOSERS.test(line.trim());
}

/**
 * Returns the start of `outer` without which it equals `inner`, as far as both reach (each may be cut at its budget).
 * Returns `undefined` if there is no such start of at most `allowed` units.
 */
function missingAtStart(outer: string, inner: string, allowed: number): string | undefined {
  const at = outer.indexOf(inner.slice(0, 200));
  if (at < 0 || at > allowed) return undefined;
  const shared = Math.min(outer.length - at, inner.length);
  const isSame =
    outer.length - at - shared <= allowed &&
    inner.length - shared <= allowed &&
    outer.startsWith(inner.slice(0, shared), at);
  return isSame ? outer.slice(0, at) : undefined;
}
