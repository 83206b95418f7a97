import { readFile } from 'node:fs/promises';
import { answerLanguage } from '../../../sidecar/chat/answerLanguage.ts';
import { proseOf } from '../../../sidecar/chat/prose.ts';

export interface JudgedQuestion {
  /** The language of the question, a BCP 47 tag. */
  readonly language: string;
  /** The language of the answer. `xx` means undecided. */
  readonly answer: string;
  readonly question: string;
  /** The number of letters without code. */
  readonly letters: number;
}

export const LENGTHS: readonly { readonly name: string; readonly holds: (letters: number) => boolean }[] = [
  { name: 'up to 8 letters', holds: (letters) => letters <= 8 },
  { name: '9 to 16', holds: (letters) => letters > 8 && letters <= 16 },
  { name: '17 to 32', holds: (letters) => letters > 16 && letters <= 32 },
  { name: 'more', holds: (letters) => letters > 32 },
];

/** Returns each question of a file beside this one, with the language in which it would be answered without context. */
export async function judgeQuestions(file: 'questions.json' | 'tuning.json'): Promise<readonly JudgedQuestion[]> {
  const byLanguage = JSON.parse(await readFile(new URL(file, import.meta.url), 'utf8')) as Record<
    string,
    readonly string[]
  >;
  const judged: JudgedQuestion[] = [];
  for (const [language, questions] of Object.entries(byLanguage)) {
    for (const question of questions) {
      const answer = await answerLanguage({ questions: [question], displayLanguage: 'xx' });
      judged.push({ language, answer, question, letters: proseOf(question).match(/\p{L}/gu)?.length ?? 0 });
    }
  }
  return judged;
}
