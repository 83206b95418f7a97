import { RecentMap } from '../context/recentMap.ts';

/** Share of the suffix that may differ while the one sent before is sent again. */
const STILL_SHARE = 0.1;
/** Of each client: prompts of a few sizes in each of the last few documents. */
const MAX_SUFFIXES = 16;

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
  readonly #last = new Map<string, RecentMap<string, string>>();

  /** The suffix to send: the last one while the new one differs from it a little at its start, which is where the cursor is. */
  hold(place: SuffixPlace, suffix: string): string {
    const held = this.peek(place, suffix);
    const suffixes = this.#last.get(place.clientKey) ?? new RecentMap<string, string>(MAX_SUFFIXES);
    suffixes.set(keyOf(place), held);
    this.#last.set(place.clientKey, suffixes);
    return held;
  }

  /** What `hold` would give, without holding it. */
  peek(place: SuffixPlace, suffix: string): string {
    const last = this.#last.get(place.clientKey)?.get(keyOf(place));
    return last !== undefined && differsLittle(last, suffix) ? last : suffix;
  }

  forget(clientKey: string): void {
    this.#last.delete(clientKey);
  }
}

function keyOf({ uri, maxTokens }: SuffixPlace): string {
  return `${maxTokens} ${uri}`;
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
