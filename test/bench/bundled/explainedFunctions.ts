import { readFile } from 'node:fs/promises';
import { heldOutFiles, sampleOf } from './gaps.ts';

const [LEAST_LINES, MOST_LINES] = [6, 40];
const SEED = 11;
const COUNT = 50;
/** The possible first and last lines of a function. */
const LANGUAGES = {
  typescript: { head: /^(export )?(async )?function \w+/, last: /^\}/ },
  javascript: { head: /^(export )?(async )?function \w+/, last: /^\}/ },
  python: { head: /^(async )?def \w+/, last: /^\S/ },
} as const;
type Language = keyof typeof LANGUAGES;

export interface ExplainedFunction {
  /** The package, version and file whose first function of medium length it is. */
  readonly id: string;
  readonly languageId: Language;
  readonly code: string;
}

/** Returns fifty functions of held-out packages, a third of them per language. Throws if the corpus was not made. */
export async function readExplainedFunctions(): Promise<readonly ExplainedFunction[]> {
  const names = Object.keys(LANGUAGES) as Language[];
  const ofEach = Math.ceil(COUNT / names.length);
  const found = await Promise.all(names.map((language) => functionsOf(language, ofEach)));
  return Array.from({ length: ofEach }, (_, index) => found.flatMap((functions) => functions[index] ?? []))
    .flat()
    .slice(0, COUNT);
}

async function functionsOf(languageId: Language, count: number): Promise<readonly ExplainedFunction[]> {
  const functions: ExplainedFunction[] = [];
  for (const file of sampleOf(await heldOutFiles(languageId), 20 * COUNT, SEED)) {
    const code = firstFunction(await readFile(file, 'utf8'), languageId);
    if (code !== undefined) functions.push({ id: file.slice(file.indexOf('held-out')), languageId, code });
    if (functions.length === count) break;
  }
  return functions;
}

/** Returns the first function at the margin that is neither very short nor long. */
export function firstFunction(text: string, language: Language): string | undefined {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const { head, last } = LANGUAGES[language];
  for (const [start, line] of lines.entries()) {
    if (!head.test(line)) continue;
    const after = lines.slice(start + 1).findIndex((other) => last.test(other));
    const end = after < 0 ? lines.length : start + 1 + after + (language === 'python' ? 0 : 1);
    const code = lines.slice(start, end).join('\n').trimEnd();
    const length = code.split('\n').length;
    if (length >= LEAST_LINES && length <= MOST_LINES) return code;
  }
  return undefined;
}
