/**
 * Lists sentences that are hard to read, long ones and those that hide their subject:
 * `npx tsx .scripts/prose.ts [--words 25] [FOLDER or FILE …]`. Reads Markdown and the
 * comments of source files. The last line gives the share of sentences with more than 30 words.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

/** Sentences with more words count as long in the project's figures. */
export const LONG_WORDS = 30;

export interface Sentence {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly words: number;
}

/** The sentences of a Markdown text or of a source file's comments. */
export function sentencesOf(file: string, text: string): readonly Sentence[] {
  const passages = file.endsWith('.md') ? markdownPassages(text) : commentPassages(file, text);
  return passages.flatMap(({ line, text: passage }) =>
    splitSentences(passage).map((sentence) => ({ file, line, text: sentence, words: wordCount(sentence) })),
  );
}

/** Returns whether a pronoun takes the place of a noun: "What nobody waits for …", "One that …", "Whose it is: …". */
export function hidesSubject({ text }: Sentence): boolean {
  return (
    /^(What|Who|Whoever|Whose|Whom|One|Those|That which|Of (what|which|those|these))\b/.test(text) &&
    !text.endsWith('?')
  );
}

/** The share of sentences with more than `LONG_WORDS` words. */
export function longShare(sentences: readonly Sentence[]): number {
  return sentences.filter(({ words }) => words > LONG_WORDS).length / Math.max(1, sentences.length);
}

/** Files of the repository whose prose people read: documents outside `docs/results/`, and sources. */
export function proseFiles(root: string, places: readonly string[] = ['.']): readonly string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...places], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /\.(ts|mjs|md)$/.test(file) && !file.startsWith('docs/results/') && !file.includes('/notices/'));
}

interface Passage {
  readonly line: number;
  readonly text: string;
}

function markdownPassages(text: string): readonly Passage[] {
  const passages: Passage[] = [];
  let paragraph: string[] = [];
  let first = 0;
  let isCode = false;
  const end = (): void => {
    if (paragraph.length > 0) passages.push({ line: first + 1, text: plainText(paragraph.join(' ')) });
    paragraph = [];
  };
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    const isCell = /^\s*\|/.test(line);
    if (isCode || isCell || line.trim() === '' || /^\s*(#|```|~~~|<|\[[^\]]+\]: )/.test(line)) {
      end();
      if (isCell) passages.push(...line.split('|').map((cell) => ({ line: index + 1, text: plainText(cell) })));
      continue;
    }
    if (/^\s*([-*]|\d+\.) /.test(line)) end();
    if (paragraph.length === 0) first = index;
    paragraph.push(line.replace(/^\s*([-*]|\d+\.|>) /, '').trim());
  }
  end();
  return passages;
}

function commentPassages(file: string, text: string): readonly Passage[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = new Map<number, Passage>();
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.pos) ?? []) {
      const comment = text.slice(pos, end);
      const plain = comment
        .replace(/^\/\*\*?|\*\/$|^\/\//g, '')
        .replace(/\n\s*\*\s*\n/g, '. ')
        .replace(/\n\s*\*?\s?/g, ' ');
      const line = source.getLineAndCharacterOfPosition(pos).line + 1;
      found.set(pos, { line, text: plainText(plain) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  ts.forEachChild(source.endOfFileToken, visit);
  return joinLineComments(text, found);
}

/** Line comments that follow each other are one passage. */
function joinLineComments(text: string, found: ReadonlyMap<number, Passage>): readonly Passage[] {
  const passages: { line: number; lastLine: number; text: string }[] = [];
  for (const [pos, { line, text: words }] of [...found].sort(([a], [b]) => a - b)) {
    const last = passages.at(-1);
    if (text.startsWith('//', pos) && last?.lastLine === line - 1) {
      last.text += ` ${words}`;
      last.lastLine = line;
    } else passages.push({ line, lastLine: text.startsWith('//', pos) ? line : -1, text: words });
  }
  return passages;
}

/** Links as their text, code as one word. */
function plainText(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`[^`]*`/g, 'Code')
    .replace(/\*\*?|__/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function splitSentences(text: string): readonly string[] {
  return text
    .split(/(?<=[.!?:]["”)]?)\s+(?=["“(]?[A-Z0-9])/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

function wordCount(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { words: { type: 'string', default: '25' } },
  });
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
  const files = proseFiles(root, positionals.length > 0 ? positionals.map((place) => path.resolve(place)) : undefined);
  const sentences = files.flatMap((file) => sentencesOf(file, readFileSync(path.join(root, file), 'utf8')));
  for (const sentence of sentences) {
    const { file, line, text, words } = sentence;
    if (words > Number(values.words)) console.log(`${file}:${line} (${words} words) ${text}`);
    else if (hidesSubject(sentence)) console.log(`${file}:${line} (subject?) ${text}`);
  }
  const long = sentences.filter(({ words }) => words > LONG_WORDS).length;
  console.log(
    `${long} of ${sentences.length} sentences have more than ${LONG_WORDS} words: ${(100 * longShare(sentences)).toFixed(1)} %.`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
