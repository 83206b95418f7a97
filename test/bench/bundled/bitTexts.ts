import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readAnsweredQuestions } from './answers.ts';
import { corpusFiles, sampleOf, type CorpusPart } from './gaps.ts';

/** The kinds of texts for bits per byte. Each can be chosen separately. */
export const TEXT_KINDS = ['code', 'prose', 'declaration', 'answers'] as const;
export type TextKind = (typeof TEXT_KINDS)[number];

/** The source of each language's code. No package of four languages is held out. */
const CODE = {
  typescript: 'held-out',
  javascript: 'held-out',
  python: 'held-out',
  go: 'held-out',
  rust: 'held-out',
  java: 'held-out',
  c: 'training',
  cpp: 'training',
  csharp: 'training',
  php: 'training',
} as const;
type CodeDomain = keyof typeof CODE;
const CODE_DOMAINS = Object.keys(CODE) as CodeDomain[];

export type BitDomain = CodeDomain | 'prose' | 'udhr' | 'answers';

/** The beginning of a text, or of an answer. */
export interface BitText {
  readonly id: string;
  readonly kind: TextKind;
  readonly domain: BitDomain;
  /** The code of the language, for the declaration. */
  readonly language?: string;
  /** The question of an answer. It is asked in the model's chat template. */
  readonly question?: string;
  readonly text: string;
}

/** The number of texts per programming language, and of prose. Together they have about 10 KB. */
const TEXTS = 8;
const TEXT_CHARACTERS = 1_200;
const DECLARATION_CHARACTERS = 1_000;
const ANSWERS = 24;
const ANSWER_CHARACTERS = 600;
const SEED = 3;

/** Returns a fixed sample of texts, the same for all models. Throws if the corpus was not made. */
export async function readBitTexts(kinds: readonly TextKind[] = TEXT_KINDS): Promise<readonly BitText[]> {
  const readers: Record<TextKind, () => Promise<readonly BitText[]>> = {
    code: async () =>
      (
        await Promise.all(CODE_DOMAINS.map((domain) => beginningsOf(domain, { kind: 'code', part: CODE[domain] })))
      ).flat(),
    prose: () => beginningsOf('prose', { kind: 'prose', part: 'held-out' }),
    declaration: readDeclaration,
    answers: readAnswers,
  };
  return (await Promise.all(kinds.map((kind) => readers[kind]()))).flat();
}

async function beginningsOf(
  domain: BitDomain,
  { kind, part }: { readonly kind: TextKind; readonly part: CorpusPart },
): Promise<readonly BitText[]> {
  const files = sampleOf(await corpusFiles(part, domain), TEXTS, SEED);
  return Promise.all(
    files.map(async (file) => ({
      id: idOf(domain, file),
      kind,
      domain,
      text: (await readFile(file, 'utf8')).slice(0, TEXT_CHARACTERS),
    })),
  );
}

async function readDeclaration(): Promise<readonly BitText[]> {
  const files = (await corpusFiles('held-out', 'udhr')).flat();
  return Promise.all(
    files.map(async (file) => ({
      id: idOf('udhr', file),
      kind: 'declaration',
      domain: 'udhr',
      language: path.basename(file, '.txt'),
      text: (await readFile(file, 'utf8')).slice(0, DECLARATION_CHARACTERS),
    })),
  );
}

/** Answers spread evenly over all questions. */
async function readAnswers(): Promise<readonly BitText[]> {
  const all = await readAnsweredQuestions();
  return Array.from({ length: ANSWERS }, (_, index) => all[Math.floor((index * all.length) / ANSWERS)])
    .filter((one) => one !== undefined)
    .map(({ id, question, answer }) => ({
      id: `answers ${id}`,
      kind: 'answers',
      domain: 'answers',
      question,
      text: answer.slice(0, ANSWER_CHARACTERS),
    }));
}

/** The domain, package and file, in the same form on every machine. */
function idOf(domain: BitDomain, file: string): string {
  return `${domain} ${file
    .slice(file.indexOf(`${path.sep}${domain}${path.sep}`) + domain.length + 2)
    .split(path.sep)
    .join('/')}`;
}
