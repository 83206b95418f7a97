import type { PlannedSnippet } from '../context/contextPlan.ts';
import { identifiersOf } from '../context/terms.ts';
import type { LastCompletion } from '../protocol/client.ts';
import type { EngineGenerateResult } from '../protocol/engine.ts';
import { type CacheKey, isSameKey } from './cache.ts';

/** What a completion was made of. */
export interface LastPrompt {
  readonly uri: string;
  readonly text: string;
  readonly documentText: string;
  readonly promptTokens: number;
  readonly contextTokens: number;
  readonly context: readonly PlannedSnippet[];
  readonly result: EngineGenerateResult;
}

const MAX_NAMES = 20;
/** Places that completions are prepared for at a time. */
const MAX_PREPARED = 2;

/** What the last completion of each client was made of, for the user who asks why it says what it says. */
export class LastPrompts {
  readonly #last = new Map<string, LastPrompt>();
  readonly #prepared = new Map<string, readonly { readonly key: CacheKey; readonly prompt: LastPrompt }[]>();

  note(clientKey: string, prompt: LastPrompt): void {
    this.#last.set(clientKey, prompt);
  }

  /** A completion that nobody sees yet: it is the last one only once it is served. */
  prepare(key: CacheKey, prompt: LastPrompt): void {
    const before = this.#prepared.get(key.clientKey) ?? [];
    this.#prepared.set(key.clientKey, [{ key, prompt }, ...before].slice(0, MAX_PREPARED));
  }

  /** The user is at a place for which a completion may have been prepared. */
  served(key: CacheKey): void {
    const found = this.#prepared.get(key.clientKey)?.find((each) => isSameKey(each.key, key));
    if (found !== undefined) this.note(key.clientKey, found.prompt);
  }

  forget(clientKey: string): void {
    this.#last.delete(clientKey);
    this.#prepared.delete(clientKey);
  }

  read(clientKey: string, uri: string): LastCompletion | undefined {
    const last = this.#last.get(clientKey);
    if (last?.uri !== uri) return undefined;
    const { text, promptTokens, contextTokens, result } = last;
    const { reusedTokens, evaluatedTokens, promptMs, generateMs } = result;
    return { text, documentTokens: promptTokens - contextTokens, contextTokens, reusedTokens, evaluatedTokens, promptMs, generateMs, names: namesFromContext(last) };
  }
}

/** Names that the completion has from another file: the document does not have them. */
function namesFromContext({ text, documentText, context }: LastPrompt): LastCompletion['names'] {
  const own = new Set(identifiersOf(documentText));
  const names = [...new Set(identifiersOf(text))].filter((name) => !own.has(name)).slice(0, MAX_NAMES);
  return names.flatMap((name) => {
    const found = context.find(({ snippet }) => identifiersOf(snippet.text).includes(name));
    if (found === undefined) return [];
    const { uri, path, startLine, kind, text: snippetText } = found.snippet;
    const line = snippetText.split('\n').findIndex((each) => identifiersOf(each).includes(name));
    // Of signatures lines are left out, so that only where they begin is known.
    return [{ name, uri, path, line: kind === 'signatures' ? startLine : startLine + Math.max(0, line) }];
  });
}
