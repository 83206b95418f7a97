import { RecentMap } from '../../workspaceIndex/recentMap.ts';
import type { PromptText } from './prompt.ts';

/** Share of the suffix that may differ while the one sent before is sent again. */
const STILL_SHARE = 0.1;
/** What the editor adds behind the cursor: closers, also on the next line where Enter is pressed between brackets. */
const CLOSERS = /^(?:[)\]}>"'`;,:]|<\/[\w.:-]*>|\*\/|\/>|end\b)*$/;
/** What is typed behind a line that the cursor left, so that the line still counts as passed. */
const TYPED_SINCE_UNITS = 300;
/** Of each client: more than have a sequence of their own. */
const MAX_DOCUMENTS = 8;
/** Sizes of a document's prompts. */
const MAX_SIZES = 4;

/** A place whose suffix is held: of prompts of one size in a document. */
export interface SuffixPlace {
  readonly clientKey: string;
  readonly uri: string;
  /** Of the document's part. */
  readonly maxTokens: number;
}

/**
 * Holds the suffix still: where it stands in front of the prefix in the prompt, any change of it throws away the
 * engine's whole cache. One of each size for each of the last documents of a client.
 */
export class SuffixMemory {
  readonly #last = new Map<string, RecentMap<string, RecentMap<number, string>>>();

  /**
   * The suffix to send: the last one while the new one differs from it a little at its start, which is where the cursor
   * is, and the model is told all the same what stands around the cursor.
   */
  hold(place: SuffixPlace, text: PromptText): string {
    const { clientKey, uri, maxTokens } = place;
    const held = this.peek(place, text);
    const documents = this.#last.get(clientKey) ?? new RecentMap(MAX_DOCUMENTS);
    const sizes = documents.get(uri) ?? new RecentMap(MAX_SIZES);
    sizes.set(maxTokens, held);
    documents.set(uri, sizes);
    this.#last.set(clientKey, documents);
    return held;
  }

  /** What `hold` would give, without holding it. */
  peek({ clientKey, uri, maxTokens }: SuffixPlace, text: PromptText): string {
    const last = this.#last.get(clientKey)?.get(uri)?.get(maxTokens);
    return last !== undefined && differsLittle(last, text) ? last : text.suffix;
  }

  /** The engine holds nothing of the document any more: no suffix has to stay as it was. */
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
  // Lines that are right in front of the cursor now may come twice; those that were deleted must not come at all,
  // though the same stand further up.
  if (passed !== undefined)
    return isOfClosers(passed) || prefix.slice(-passed.length - TYPED_SINCE_UNITS).includes(passed);
  const untold = missingAtStart(suffix, last, allowed);
  return untold !== undefined && isOfClosers(untold);
}

/** Whether a text has nothing but closers and blanks, behind a line break or none. */
function isOfClosers(text: string): boolean {
  const line = text.startsWith('\n') ? text.slice(1) : text;
  return !line.includes('\n') && CLOSERS.test(line.trim());
}

/**
 * The first few units of `outer` without which it is `inner`, as far as both reach (each may be cut at its budget);
 * `undefined` where it is not.
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
