import { MAX_TEXT_TOKENS, type SetTextsParams, type TokenId } from '../protocol/engine.ts';
import { NgramIndex } from '../models/decoding/ngramIndex.ts';
import type { IndexedTexts } from './generation.ts';

/** Texts to draft from, indexed under the names that requests use for them. */
export class NamedTexts {
  readonly #texts = new Map<string, IndexedTexts>();

  get(name: string | undefined): IndexedTexts | undefined {
    return name === undefined ? undefined : this.#texts.get(name);
  }

  /** Replaces the texts of a name; no texts forget the name. */
  set({ name, version, texts }: SetTextsParams): void {
    if (texts.length === 0) this.#texts.delete(name);
    else this.#texts.set(name, { version, index: new NgramIndex(lastTokens(texts, MAX_TEXT_TOKENS)) });
  }
}

/** Keeps at most `most` tokens of all texts together: those of the last texts, in order. */
function lastTokens(texts: readonly (readonly TokenId[])[], most: number): readonly (readonly TokenId[])[] {
  const kept: (readonly TokenId[])[] = [];
  let room = most;
  for (const text of [...texts].reverse()) {
    kept.push(text.slice(Math.max(0, text.length - room)));
    room -= Math.min(room, text.length);
  }
  return kept.reverse();
}
