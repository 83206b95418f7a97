import { RecentMap } from '../context/recentMap.ts';

/** Share of the suffix that may differ while the one sent before is sent again. */
const STILL_SHARE = 0.1;
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
 * Holds the suffix still: where it stands in front of the prefix in the prompt, any change of it throws away the engine's whole cache.
 * One of each size for each of the last documents of a client.
 */
export class SuffixMemory {
  readonly #last = new Map<string, RecentMap<string, RecentMap<number, string>>>();

  /** The suffix to send: the last one while the new one differs from it a little at its start, which is where the cursor is. */
  hold(place: SuffixPlace, suffix: string): string {
    const { clientKey, uri, maxTokens } = place;
    const held = this.peek(place, suffix);
    const documents = this.#last.get(clientKey) ?? new RecentMap(MAX_DOCUMENTS);
    const sizes = documents.get(uri) ?? new RecentMap(MAX_SIZES);
    sizes.set(maxTokens, held);
    documents.set(uri, sizes);
    this.#last.set(clientKey, documents);
    return held;
  }

  /** What `hold` would give, without holding it. */
  peek({ clientKey, uri, maxTokens }: SuffixPlace, suffix: string): string {
    const last = this.#last.get(clientKey)?.get(uri)?.get(maxTokens);
    return last !== undefined && differsLittle(last, suffix) ? last : suffix;
  }

  /** The engine holds nothing of the document any more: no suffix has to stay as it was. */
  lost({ clientKey, uri }: Pick<SuffixPlace, 'clientKey' | 'uri'>): void {
    this.#last.get(clientKey)?.delete(uri);
  }

  forget(clientKey: string): void {
    this.#last.delete(clientKey);
  }
}

function differsLittle(last: string, next: string): boolean {
  if (last === next) return true;
  const allowed = Math.min(last.length, next.length) * STILL_SHARE;
  return startsLater(last, next, allowed) || startsLater(next, last, allowed);
}

/** Whether `inner` is `outer` without its first few units, as far as both reach (each may be cut at its budget). */
function startsLater(outer: string, inner: string, allowed: number): boolean {
  const at = outer.indexOf(inner.slice(0, 200));
  if (at < 0 || at > allowed) return false;
  const shared = Math.min(outer.length - at, inner.length);
  return outer.length - at - shared <= allowed && inner.length - shared <= allowed && outer.startsWith(inner.slice(0, shared), at);
}
