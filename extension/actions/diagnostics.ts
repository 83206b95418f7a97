import { intersects, type Range } from './target.ts';

/** The parts of `vscode.Diagnostic` that a model sees. */
export interface Problem {
  readonly message: string;
  readonly source?: string;
  readonly code?: string | number | { readonly value: string | number };
  readonly range: { readonly start: { readonly line: number } };
}

/**
 * Returns one line for the model. Line numbers count from 1 at `firstLine` (zero-based), the first line of the target
 * that the model sees.
 */
export function describeDiagnostic({ message, source, code, range }: Problem, firstLine: number): string {
  const number = typeof code === 'object' ? code.value : code;
  const origin = [source, number].filter((part) => part !== undefined && part !== '').join(' ');
  return `line ${range.start.line - firstLine + 1}: ${message.replaceAll(/\s+/g, ' ').trim()}${origin === '' ? '' : ` (${origin})`}`;
}

/** Returns the problems at `place` that a model can fix within `target`, the only code that it rewrites. */
export function problemsWithin<Located extends { readonly range: Range }>(
  problems: readonly Located[],
  target: Range,
  place: Range,
): Located[] {
  return problems.filter(({ range }) => intersects(range, place) && intersects(range, target));
}
