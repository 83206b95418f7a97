import { BEFORE_TOKENS, CONTEXT_TOKENS, NEXT_TOKENS } from '../continuation/places.ts';
import {
  choicesForContinuation,
  choicesForQuestions,
  DIVISORS,
  SELECTORS,
  type Choice,
  type Divisor,
  type SelectorChoice,
} from './choices.ts';
import type { GroupFigure, QualityFigures, ShareFigure } from './figures.ts';
import { goalLines } from './goals.ts';
import { points, signed } from '../signed.ts';
import { LENGTH_TOKENS } from './tasks.ts';

/** The number of questions below which a table is marked as too small. */
const ENOUGH_QUESTIONS = 200;

export interface QualityOfModel {
  readonly model: string;
  readonly figures: QualityFigures;
}

/** Returns the report in Markdown: for each model a table of selectors and shares for each task. */
export function qualityReport(models: readonly QualityOfModel[]): string {
  return `
How much of a context a model still knows if a share of it is kept or attended, compared with the full cache on the same questions. Every selector except *tiered* chooses the rows once and drops the
rest. *Tiered* keeps all rows. It attends the pages that each request and each token of an answer choose, and the last 64 tokens. An eighth of the heads choose for every token, and all heads for each sixteenth. With *tiered-all* (\`heads=100\`) all heads choose for every token. Ranges are intervals of 95 %: Newcombe's for paired proportions, of the difference to the full
cache in percentage points; for nats per token 1.96 standard errors of the paired difference.

*Questions asked later* (\`chorus recall\`): ${LENGTH_TOKENS} tokens of held-out code with ten constants are read once. Then each constant is asked for. The questions are unknown when rows are chosen.

*A question at the end*: ${LENGTH_TOKENS} tokens of prose with five facts, at the beginning, after each quarter, and at the end. Each fact is asked for alone after the text. The question is known when rows are chosen, as in \`chorus needle\`.
The last fact is among the last tokens, which most selectors always keep. \`kvzip\`, which chooses for any continuation, chose from the prose alone, and its questions were read over the kept rows. The others read the questions over all rows.

*Continuing code*: ${CONTEXT_TOKENS} tokens of other files of a held-out package and ${BEFORE_TOKENS} of the file, and the next ${NEXT_TOKENS} are scored. Shares are of the other files; the file's own tokens are always attended. \`kvzip\` chose from the other files alone, and the file was read over the kept rows. All others knew the file.

${models.map(sectionOf).join('\n\n')}
`.trim();
}

function sectionOf({ model, figures }: QualityOfModel): string {
  const { recall, needle, continuation } = figures;
  return `
## ${model}
${goalsOf(figures)}

### Questions asked later

${asked(recall)}

### A question at the end

${asked(needle)}

### Continuing code

${continued(continuation)}
`.trim();
}

/** The goals for `tiered`. */
function goalsOf(figures: QualityFigures): string {
  const lines = goalLines(figures);
  return lines.length === 0
    ? ''
    : `\nGoals for *tiered*; errors are 1.96 standard errors:\n\n| what | goal | measured | |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

function continued({ places, perplexity, choices }: QualityFigures['continuation']): string {
  if (!perplexity) return 'No results yet.';
  return `
The perplexity is ${perplexity.none.toFixed(3)} without context and ${perplexity.full.toFixed(3)} with all of it, over ${places} places. For a part of the context the table gives the perplexity, the kept share of the context's gain, and nats per token more than with the full cache:

${tables(choicesForContinuation(), choices, ({ places: own, perplexity: withPart, shareOfGain, moreThanFull: { mean, standardError } }) => `${withPart.toFixed(3)}, ${(100 * shareOfGain).toFixed(0)} %, ${signed(mean, 4)} ± ${(1.96 * standardError).toFixed(4)}${fewer(own, places, 'places')}`)}
`.trim();
}

function asked({
  groups,
  choices,
}: {
  readonly groups: readonly GroupFigure[];
  readonly choices: readonly ShareFigure[];
}): string {
  if (groups.length === 0) return 'No results yet.';
  const counting = groups.filter(({ counts }) => counts).reduce((sum, { questions }) => sum + questions, 0);
  const lines = groups.map(
    ({ group, questions, share, counts }) =>
      `${group} ${percent(share)} of ${questions}${counts ? '' : ' (below 60 %: does not count)'}`,
  );
  const few =
    counting < ENOUGH_QUESTIONS
      ? ` These are fewer than ${ENOUGH_QUESTIONS} questions: differences mean little yet.`
      : '';
  const table = tables(
    choicesForQuestions(LENGTH_TOKENS),
    choices,
    ({ questions, share, difference, differenceInterval: [low, high] }) =>
      `${percent(share)}, ${points(difference)} (${points(low)} to ${points(high)})${fewer(questions, counting, 'questions')}`,
  );
  return `With the full cache: ${lines.join(', ')}.${few}\n\n${table}`;
}

/** The choices of the comparison by selector and share, and below them other choices. */
function tables<Figure extends { readonly cache: string }>(
  choices: readonly Choice[],
  figures: readonly Figure[],
  cell: (figure: Figure) => string,
): string {
  const at = (selector: SelectorChoice, divisor: Divisor): Figure | undefined => {
    const choice = choices.find((candidate) => candidate.selector === selector && candidate.divisor === divisor);
    return figures.find(({ cache }) => cache === choice?.cache);
  };
  const cells = (selector: SelectorChoice): readonly string[] =>
    DIVISORS.map((divisor) => at(selector, divisor)).map((figure) => (figure ? cell(figure) : ''));
  const rows = SELECTORS.map((selector) => [selector, cells(selector)] as const).filter(([, of]) =>
    of.some((text) => text !== ''),
  );
  const others = figures.filter(({ cache }) => !choices.some((choice) => choice.cache === cache));
  const table = (header: readonly string[], lines: readonly (readonly string[])[]): readonly string[] =>
    lines.length === 0
      ? []
      : [[header, header.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')];
  return [
    ...table(
      ['selector', ...DIVISORS.map((divisor) => `1/${divisor}`)],
      rows.map(([selector, of]) => [`\`${selector}\``, ...of]),
    ),
    ...table(
      ['cache', ''],
      others.map((figure) => [`\`${figure.cache}\``, cell(figure)]),
    ),
  ].join('\n\n');
}

/** A note for a choice that was not measured on all items yet. */
const fewer = (measured: number, all: number, what: string): string =>
  measured < all ? `, of ${measured} ${what} alone` : '';
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
