import type { TextEngine } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { Snippet } from '../../workspaceIndex/snippet.ts';
import type { FimFormat } from './fim.ts';
import { languageSyntax } from '../../syntax/languages.ts';

/** Lone marks of families, and comments elsewhere, name the file that a snippet is from. */
export type FileHead = { readonly kind: 'mark'; readonly mark: string } | { readonly kind: 'comment' };

/** How this model is told that text is of another file. */
export function fileHead(fim: FimFormat | undefined): FileHead {
  return fim?.fileMark === undefined ? { kind: 'comment' } : { kind: 'mark', mark: fim.fileMark };
}

/** Documents whose prompts take other files along: code, since prose has its own words. */
export function takesContext(languageId: string): boolean {
  const { prose } = languageSyntax(languageId);
  return !prose && !['json', 'jsonc', 'yaml', 'toml', 'ini', 'xml', 'csv'].includes(languageId);
}

/**
 * The tokens of a snippet with its head, in the comments of the document's language. Marks in the snippet's own text
 * are text.
 */
export async function snippetTokens(
  engine: TextEngine,
  snippet: Pick<Snippet, 'path' | 'text'>,
  head: FileHead,
  languageId: string,
): Promise<readonly TokenId[]> {
  if (head.kind === 'comment')
    return engine.tokenize(`${pathComment(snippet.path, languageId)}${snippet.text}\n\n`, { special: false });
  const [mark, text] = await Promise.all([
    engine.tokenize(head.mark, { special: true }),
    engine.tokenize(`${snippet.path}\n${snippet.text}\n`, { special: false }),
  ]);
  return [...mark, ...text];
}

/** A line that names a file. */
export function pathComment(path: string, languageId: string): string {
  const { lineComment, blocks } = languageSyntax(languageId);
  if (lineComment !== undefined) return `${lineComment} ${path}\n`;
  return blocks === 'brackets' ? `/* ${path} */\n` : `<!-- ${path} -->\n`;
}
