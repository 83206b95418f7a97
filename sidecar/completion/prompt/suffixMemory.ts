import { PlaceMemory, type PromptPlace } from './placeMemory.ts';
import type { PromptText } from './prompt.ts';

/** The share of the suffix that may differ while the previous one is sent again. */
const STILL_SHARE = 0.1;
/** Closers that the editor adds behind the cursor, also on the next line if Enter is pressed between brackets. */
const CLOSERS = /^(?:[)\]}>"'`;,:]|<\/[\w.:-]*>|\*\/|\/>|end\b)*$/;
/** How many units may be typed after a line that the cursor has left, so that the line still counts as passed. */
const TYPED_SINCE_UNITS = 300;

/**
 * Keeps the suffix the same from prompt to prompt. If it stands before the prefix, any change of it invalidates the
 * engine's whole cached prefix.
 */
export class SuffixMemory {
  readonly #last = new PlaceMemory<string>();

  /**
   * Returns the suffix to send. The previous one is kept while the new one differs only a little at its start, near the
   * cursor. The prompt must still tell the model what is around the cursor.
   */
  hold(place: PromptPlace, text: PromptText): string {
    const held = this.peek(place, text);
    this.#last.set(place, held);
    return held;
  }

  /** Returns the result of `hold`, without holding it. */
  peek(place: PromptPlace, text: PromptText): string {
    const last = this.#last.get(place);
    return last !== undefined && differsLittle(last, text) ? last : text.suffix;
  }

  /** Forgets a document's suffix, because the engine holds nothing of the document any more. */
  lost(document: Pick<PromptPlace, 'clientKey' | 'uri'>): void {
    this.#last.lost(document);
  }

  forget(clientKey: string): void {
    this.#last.forget(clientKey);
  }
}

function differsLittle(last: string, { prefix, suffix }: PromptText): boolean {
  if (last === suffix) return true;
  const passed = missingAtStart(last, suffix);
  // A line right before the cursor may now occur twice in the prompt. A deleted line must not occur at all, even if the
  // same line stands further up.
  if (passed !== undefined)
    return isOfClosers(passed) || prefix.slice(-passed.length - TYPED_SINCE_UNITS).includes(passed);
  const untold = missingAtStart(suffix, last);
  return untold !== undefined && isOfClosers(untold);
}

/** Whether a text has only closers and blanks, perhaps behind a line break. */
export function isOfClosers(text: string): boolean {
  const line = text.startsWith('\n') ? text.slice(1) : text;
  return !line.includes('\n') && CLOSERS.test(line.trim());
}

/**
 * Returns the start of `outer` without which it equals `inner`, as far as both reach (each may be cut at its budget).
 * Returns `undefined` if there is no such start, or if it is a large share of the text.
 */
function missingAtStart(outer: string, inner: string): string | undefined {
  const allowed = Math.min(outer.length, inner.length) * STILL_SHARE;
  const at = outer.indexOf(inner.slice(0, 200));
  if (at < 0 || at > allowed) return undefined;
  const shared = Math.min(outer.length - at, inner.length);
  const isSame =
    outer.length - at - shared <= allowed &&
    inner.length - shared <= allowed &&
    outer.startsWith(inner.slice(0, shared), at);
  return isSame ? outer.slice(0, at) : undefined;
}
