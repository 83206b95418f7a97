import type { PlannedSnippet } from '../workspaceIndex/contextPlan.ts';
import { identifiersOf } from '../workspaceIndex/terms.ts';
import type { LastCompletion } from '../protocol/client.ts';
import type { EngineGenerateResult } from '../protocol/engine.ts';

/** A completion, and what it was made of. */
export interface MadeCompletion {
  /** From the beginning of the word that it continues. */
  readonly text: string;
  readonly documentText: string;
  readonly promptTokens: number;
  readonly contextTokens: number;
  readonly context: readonly PlannedSnippet[];
  /** Whole files whose n-grams counted beside the network. */
  readonly counted: readonly { readonly uri: string; readonly path: string; readonly text: string }[];
  readonly result: EngineGenerateResult;
}

const MAX_NAMES = 20;

/**
 * Why a completion says what it says, for the user who asks: what the model had read, and where names come from that
 * the document does not have.
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
    // Of signatures lines are left out, so that only where they begin is known.
    return [{ name, uri, path, line: kind === 'signatures' ? startLine : startLine + Math.max(0, line) }];
  });
}

/** Whether an identifier stands in a text as a whole. */
function stands(name: string, text: string): boolean {
  return (
    text.includes(name) &&
    new RegExp(`(?<![\\p{L}\\p{N}_$])${name.replaceAll('$', '\\$')}(?![\\p{L}\\p{N}_$])`, 'u').test(text)
  );
}
