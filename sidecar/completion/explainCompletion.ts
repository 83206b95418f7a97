import type { PlannedSnippet } from '../workspaceIndex/contextPlan.ts';
import { identifiersOf } from '../workspaceIndex/terms.ts';
import type { LastCompletion } from '../protocol/client.ts';
import type { EngineGenerateResult } from '../protocol/engine.ts';

/** A completion and its sources. */
export interface MadeCompletion {
  /** The text, from the beginning of the word that it continues. */
  readonly text: string;
  readonly documentText: string;
  readonly promptTokens: number;
  readonly contextTokens: number;
  readonly context: readonly PlannedSnippet[];
  /** Whole files whose n-grams were combined with the network. */
  readonly counted: readonly { readonly uri: string; readonly path: string; readonly text: string }[];
  readonly result: EngineGenerateResult;
}

const MAX_NAMES = 20;

/**
 * Explains a completion to the user: what its prompt held, and where the names come from that the document does not
 * have.
 */
export function explainCompletion(made: MadeCompletion): LastCompletion {
  const { text, promptTokens, contextTokens, result } = made;
  const { reusedTokens, evaluatedTokens, promptMs, generateMs } = result;
  return {
    text,
    documentTokens: promptTokens - contextTokens,
    contextTokens,
    reusedTokens,
    evaluatedTokens,
    promptMs,
    generateMs,
    names: namesFromContext(made),
  };
}

function namesFromContext({ text, documentText, context, counted }: MadeCompletion): LastCompletion['names'] {
  const pieces = [
    ...context.map(({ snippet }) => snippet),
    ...counted.map((file) => ({ ...file, startLine: 0, kind: 'file' })),
  ];
  const names = [...new Set(identifiersOf(text))].filter((name) => !stands(name, documentText)).slice(0, MAX_NAMES);
  return names.flatMap((name) => {
    const found = pieces.find((piece) => stands(name, piece.text));
    if (found === undefined) return [];
    const { uri, path, startLine, kind, text: pieceText } = found;
    const line = pieceText.split('\n').findIndex((each) => stands(name, each));
    // A snippet of signatures omits lines, so only its start is known.
    return [{ name, uri, path, line: kind === 'signatures' ? startLine : startLine + Math.max(0, line) }];
  });
}

/** Whether an identifier occurs in a text as a whole word. */
function stands(name: string, text: string): boolean {
  return (
    text.includes(name) &&
    new RegExp(`(?<![\\p{L}\\p{N}_$])${name.replaceAll('$', '\\$')}(?![\\p{L}\\p{N}_$])`, 'u').test(text)
  );
}
