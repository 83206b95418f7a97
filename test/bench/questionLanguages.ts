/**
 * Measures in which language short questions about code would be answered: the right share of 40 questions in each
 * language, by language and length. Only this bench and a unit test read the questions. The decision was developed with
 * `tuning.json`.
 *
 *   npx tsx test/bench/questionLanguages.ts [--write]
 */
import { parseArgs } from 'node:util';
import { LENGTHS, judgeQuestions, type JudgedQuestion } from './questionLanguages/judge.ts';
import { writeReport } from './report.ts';

const { write } = parseArgs({ options: { write: { type: 'boolean', default: false } } }).values;

const judged = await judgeQuestions('questions.json');
const tuned = await judgeQuestions('tuning.json');
const languages = [...new Set(judged.map(({ language }) => language))].sort();

function share(questions: readonly JudgedQuestion[]): string {
  const right = questions.filter(({ answer, language }) => answer === language).length;
  return questions.length === 0 ? '–' : `${right}/${questions.length}`;
}

function percent(questions: readonly JudgedQuestion[]): number {
  return (100 * questions.filter(({ answer, language }) => answer === language).length) / questions.length;
}

const rows = [...languages, undefined].map((language) => {
  const own = judged.filter((each) => language === undefined || each.language === language);
  const cells = LENGTHS.map(({ holds }) => share(own.filter(({ letters }) => holds(letters))));
  return `| ${[language ?? '**all**', ...cells, share(own), percent(own).toFixed(1)].join(' | ')} |`;
});
const wrong = judged.filter(({ answer, language }) => answer !== language);
const table = [
  `| language | ${LENGTHS.map(({ name }) => name).join(' | ')} | right | % |`,
  `|---|${'--:|'.repeat(LENGTHS.length + 2)}`,
  ...rows,
].join('\n');
const mistakes = wrong
  .map(({ language, answer, question }) => `| ${language} | ${answer} | ${question.replaceAll('|', '\\|')} |`)
  .join('\n');
console.log(`${table}\n\n| asked in | taken for | question |\n|---|---|---|\n${mistakes}`);

if (write) {
  await writeReport({
    name: 'question-languages',
    title: 'The language of short questions about code',
    body: `
Forty questions in each language (both ways of writing Chinese count). All languages have the same forty intents, short and with code, identifiers and English terms; some are typed without
diacritics. No setting, no conversation and no display language help. The columns of a row are by the number of letters that remain without code. The questions were
written for this bench after the decision was developed with another ${tuned.length} questions (${share(tuned)} of those are right), and it was not changed for them since.

${table}

The mistakes (\`xx\`: undecided, so the conversation and the display language would decide):

| asked in | taken for | question |
|---|---|---|
${mistakes}`,
    figures: {
      questions: judged.length,
      right: judged.length - wrong.length,
      byLanguage: Object.fromEntries(
        languages.map((language) => [language, percent(judged.filter((each) => each.language === language))]),
      ),
    },
    model: 'none',
    command: 'npx tsx test/bench/questionLanguages.ts --write',
  });
}
