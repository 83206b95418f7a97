/** Share of the suffix that may differ while the one sent before is sent again. */
const STILL_SHARE = 0.1;

/**
 * Holds the suffix still: where it stands in front of the prefix in the prompt, any change of it throws away the engine's whole cache.
 * One per client, for the document it edited last.
 */
export class SuffixMemory {
  readonly #last = new Map<string, { uri: string; suffix: string }>();

  /** The suffix to send: the last one while the new one differs from it a little at its start, which is where the cursor is. */
  hold(clientKey: string, uri: string, suffix: string): string {
    const held = this.peek(clientKey, uri, suffix);
    this.#last.set(clientKey, { uri, suffix: held });
    return held;
  }

  /** What `hold` would give, without holding it. */
  peek(clientKey: string, uri: string, suffix: string): string {
    const last = this.#last.get(clientKey);
    return last?.uri === uri && differsLittle(last.suffix, suffix) ? last.suffix : suffix;
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
