import type { TextEngine } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { Snippet } from '../../workspaceIndex/snippet.ts';
import type { FimFormat } from './fim.ts';
import { languageSyntax } from '../../syntax/languages.ts';

/** How a snippet's file is named: by the model family's own mark, or else by a comment. */
export type FileHead = { readonly kind: 'mark'; readonly mark: string } | { readonly kind: 'comment' };

/** Returns how this model marks the text of another file. */
export function fileHead(fim: FimFormat | undefined): FileHead {
  return fim?.fileMark === undefined ? { kind: 'comment' } : { kind: 'mark', mark: fim.fileMark };
}

/** Whether prompts of a language include other files. Code does; prose has its own words. */
export function takesContext(languageId: string): boolean {
  const { prose } = languageSyntax(languageId);
  return !prose && !['json', 'jsonc', 'yaml', 'toml', 'ini', 'xml', 'csv'].includes(languageId);
}

/**
 * Returns the tokens of a snippet with its head, as a comment in the document's language. Marks inside the snippet's
 * text are plain text.
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

/** Returns a comment line that names a file. */
export function pathComment(path: string, languageId: string): string {
  const { lineComment, blocks } = languageSyntax(languageId);
  if (lineComment !== undefined) return `${lineComment} ${path}\n`;
  return blocks === 'brackets' ? `/* ${path} */\n` : `<!-- ${path} -->\n`;
}
