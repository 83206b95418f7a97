import type { PlannedSnippet } from '../context/contextPlan.ts';
import { identifiersOf } from '../context/terms.ts';
import type { LastCompletion } from '../protocol/client.ts';
import type { EngineGenerateResult } from '../protocol/engine.ts';

interface LastPrompt {
  readonly uri: string;
  readonly text: string;
  readonly documentText: string;
  readonly promptTokens: number;
  readonly contextTokens: number;
  readonly context: readonly PlannedSnippet[];
  readonly result: EngineGenerateResult;
}

const MAX_NAMES = 20;

/** What the last completion of each client was made of, for the user who asks why it says what it says. */
export class LastPrompts {
  readonly #last = new Map<string, LastPrompt>();

  note(clientKey: string, prompt: LastPrompt): void {
    this.#last.set(clientKey, prompt);
  }

  forget(clientKey: string): void {
    this.#last.delete(clientKey);
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
