/**
 * Compares candidates for the bundled model by filled lines and spans, bits per byte of texts, explanations, load and
 * value of experts, size, memory and speed.
 *
 *   npm run bench:bundled -- NAME=MODEL.gguf[+EXPERTS.gguf] … [--only gaps,bits,explanations,experts,speed] [--texts
 *     code,prose,declaration,answers] [--groups HumanEval] [--development] [--max-seconds N] [--keep] [--write]
 *
 * The first model is the reference for the others. `--texts` chooses the texts for bits per byte, `--groups` the groups
 * of gaps. `--development` fills different gaps. Recipes are chosen by them, so that the report's gaps stay unseen.
 *
 * Results are kept by the model's digest in the developer's cache, and with `--keep` or `--write` in docs/results. So
 * several runs, even on several machines, add up to a whole run. Explanations wait in
 * docs/results/explanations.judged.json for a reader's verdicts. Needs the corpus: `.scripts/bundledModel/corpus.ts`.
 */
import { parseArgs } from 'node:util';
import { bitTask, bitVariant, measureBits, type BitResult } from './bundled/bits.ts';
import { bitTable } from './bundled/bitTable.ts';
import { readBitTexts, TEXT_KINDS } from './bundled/bitTexts.ts';
import { expertCount, measureExpertLoad, type ExpertLoad } from './bundled/expertLoad.ts';
import { explainAll } from './bundled/explain.ts';
import { readExplainedFunctions } from './bundled/explainedFunctions.ts';
import { explanationList, explanationTable } from './bundled/explanationTable.ts';
import { fillGaps, gapTask, gapVariant, type GapResult } from './bundled/fillGaps.ts';
import { GAP_GROUPS, readDevelopmentGaps, readGaps, type Gap } from './bundled/gaps.ts';
import { gapTable, guessedTable, missingTable } from './bundled/gapTables.ts';
import type { Explained } from './bundled/judgedFile.ts';
import { loadTable } from './bundled/loadTable.ts';
import { namedModel, type BenchModel } from './bundled/models.ts';
import {
  DEPTH_TOKENS,
  FIRST_TOKEN_CHARACTERS,
  LONG_CHARACTERS,
  measureSpeeds,
  PROMPT_TOKENS,
} from './bundled/speed.ts';
import { speedTable } from './bundled/speedTable.ts';
import { withoutExpert } from './bundled/withoutExpert.ts';
import { Deadline } from './kept/deadline.ts';
import { keepInRepository } from './kept/keptTask.ts';
import { writeReport } from './report.ts';
import { shuffled } from './shuffled.ts';

const PARTS = ['gaps', 'bits', 'explanations', 'experts', 'speed'] as const;
/** The seed of the order of gaps. */
const SEED = 1;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: PARTS.join() },
    texts: { type: 'string', default: TEXT_KINDS.join() },
    groups: { type: 'string', default: GAP_GROUPS.join() },
    development: { type: 'boolean', default: false },
    'max-seconds': { type: 'string' },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const chosen = choiceOf('only', PARTS);
const kinds = choiceOf('texts', TEXT_KINDS);
if (options.development && options.write)
  throw new Error('--write reports gaps that no recipe was chosen by: leave out --development.');
if (positionals.length === 0)
  throw new Error('Name models as NAME=MODEL.gguf or NAME=MODEL.gguf+EXPERTS.gguf, the reference first.');

const deadline = new Deadline(options['max-seconds'] === undefined ? undefined : Number(options['max-seconds']));
const models = await Promise.all(positionals.map(namedModel));
const command = `npm run bench:bundled -- ${models.map(({ name }) => `"${name}=…"`).join(' ')} --write`;
const sections: string[] = [];
const figures: Record<string, object> = {};
// Later parts get their share of the time.
const measures = [
  ...(chosen.includes('gaps') ? [gaps] : []),
  ...(chosen.includes('bits') || chosen.includes('experts') ? [bits] : []),
  ...(chosen.includes('explanations') ? [explanations] : []),
  ...(chosen.includes('speed') ? [speed] : []),
];
for (const [index, measure] of measures.entries()) await measure(deadline.part(measures.length - index));
console.log(sections.join('\n\n'));
if (options.keep || options.write) {
  for (const { digest } of models) {
    if (chosen.includes('gaps')) await keepInRepository(digest, gapTask, [gapVariant]);
    if (chosen.includes('bits')) await keepInRepository(digest, bitTask, [bitVariant]);
  }
}
if (options.write)
  await writeReport({
    name: 'bundled-model',
    title: 'The bundled model and its alternatives',
    model: namesOf(models),
    figures,
    command,
    body: sections.join('\n\n'),
  });

/** Returns the values of an option. Throws if one is unknown. */
function choiceOf<Choice extends string>(
  option: 'only' | 'texts' | 'groups',
  choices: readonly Choice[],
): readonly Choice[] {
  const named = options[option].split(',') as Choice[];
  const stranger = named.find((one) => !choices.includes(one));
  if (stranger !== undefined) throw new Error(`--${option} accepts ${choices.join(', ')}; got ${stranger}.`);
  return named;
}

async function gaps(time: Deadline): Promise<void> {
  const groups = choiceOf('groups', GAP_GROUPS);
  const all = (await (options.development ? readDevelopmentGaps() : readGaps())).filter(({ group }) =>
    groups.includes(group),
  );
  const asked = programsShuffled(all);
  const rows = new Map<string, ReadonlyMap<string, GapResult>>();
  for (const [index, model] of models.entries())
    rows.set(
      model.name,
      await fillGaps(model, asked, {
        deadline: time.part(models.length - index),
        onDone: progress(model.name, all.length),
      }),
    );
  const table = gapTable(rows, all);
  const guessed = guessedTable(rows, all);
  const missing = missingTable(rows, all);
  figures['gaps'] = table.figures;
  figures['gapsWithGuessedIndentation'] = guessed.figures;
  figures['natsOfGaps'] = missing.figures;
  sections.push(`## Gaps filled

A line, or the rest of a line (*spans*), is missing. The model writes it, greedily, with the prompt of completion: with the model's own marks for the text before and after
the gap if it has such marks, else with the text after it first. A result counts if it equals the missing text, including indentation but not white space at the end. HumanEval has all 1,033 lines of
HumanEval-SingleLineInfilling. The other lines are from packages that no model was trained on here, the same for all models. In brackets: points more than the first model, and the standard error of that mean.

${table.markdown}

In Python Chorus decides the possible indentations of an empty line, and masks all others. Without the mask, where the model guesses:

${guessed.markdown}

How likely each model finds the missing text and the end of the line after it: nats, less is better. In brackets: more than the first model.

${missing.markdown}`);
}

/**
 * Shuffles the gaps, so that an interrupted run has some of each group. Gaps of one program stay together, since their
 * prompts begin alike.
 */
function programsShuffled(all: readonly Gap[]): readonly Gap[] {
  const programOf = ({ id, group }: Gap): string => (group === 'HumanEval' ? id.replace(/L\d+$/, '') : id);
  return shuffled([...new Set(all.map(programOf))], SEED).flatMap((program) =>
    all.filter((gap) => programOf(gap) === program),
  );
}

async function bits(time: Deadline): Promise<void> {
  const texts = await readBitTexts(kinds);
  const rows = new Map<string, ReadonlyMap<string, BitResult>>();
  const loads = new Map<string, ExpertLoad>();
  const measured: BenchModel[] = [];
  for (const model of models) {
    measured.push(model);
    const experts = chosen.includes('experts') ? await expertCount(model) : 1;
    for (let expert = 0; experts > 1 && expert < experts; expert++) measured.push(await withoutExpert(model, expert));
    if (experts > 1 && !time.isOver) loads.set(model.name, await measureExpertLoad(model, texts));
  }
  if (loads.size > 0) sections.push(loadSection(loads));
  for (const [index, model] of (chosen.includes('bits') ? measured : []).entries()) {
    rows.set(model.name, await measureBits(model, texts, time.part(measured.length - index)));
    console.error(`${model.name}: ${rows.get(model.name)?.size} of ${texts.length} texts`);
  }
  if (rows.size === 0) return;
  const table = bitTable(rows, texts);
  figures['bitsPerByte'] = table.figures;
  sections.push(`## Bits per byte

Bits per byte of the beginnings of texts, the same for all models; less is better. In brackets: percent more than the first model needs for the same texts, and the standard
error over texts. *Code* of TypeScript, JavaScript, Python, Go, Rust and Java is from held-out packages. Code of C, C++, C# and PHP is from packages whose
tokens were counted for the choice of the vocabulary, but no model was trained on them here. *Prose* is READMEs, *declaration* the Universal Declaration of Human Rights in 25 translations.
*Answers* are those to Python's frequently asked questions, asked in the model's chat template.

${table.markdown}`);
}

function loadSection(loads: ReadonlyMap<string, ExpertLoad>): string {
  figures['expertLoad'] = Object.fromEntries([...loads].map(([name, load]) => [name, Object.fromEntries(load)]));
  return `## Load of experts

The share of the tokens that an expert runs for, and for attention the mean of its gate: the minimum, mean and maximum over layers.

${loadTable(loads)}`;
}

async function explanations(time: Deadline): Promise<void> {
  const functions = await readExplainedFunctions();
  const explained = new Map<string, readonly Explained[]>();
  for (const [index, model] of models.entries())
    explained.set(model.name, await explainAll(model, functions, time.part(models.length - index)));
  const table = explanationTable(explained);
  figures['explanations'] = table.figures;
  const what = `${functions.length} functions of held-out packages, explained as the chat panel asks ("Explain"), without sampling, and judged by a reader. *Right*; *thin*: correct,
but almost nothing about this code; *misleading*: a false statement about it.

${table.markdown}`;
  sections.push(`## Explanations\n\n${what}\n\n[All of them](explanations.md).`);
  if (!options.write) return;
  await writeReport({
    name: 'explanations',
    title: 'Explanations by the bundled model and its alternatives',
    model: namesOf(models),
    figures: table.figures,
    command,
    body: `${what}\n\n${explanationList(explained)}`,
  });
}

async function speed(): Promise<void> {
  const table = speedTable(
    await measureSpeeds(models),
    new Map(models.map(({ name, sizeBytes }) => [name, sizeBytes])),
  );
  figures['speed'] = table.figures;
  sections.push(`## Size, memory and speed

Measured in the engine's process as the product starts it, on all cores, with models taking turns. The table has the medians of the rounds, and in brackets the ratio to the first model. Prompts of ${PROMPT_TOKENS} tokens and decoding
are measured after ${DEPTH_TOKENS} tokens. The first token comes after an uncached prompt of ${FIRST_TOKEN_CHARACTERS} characters of code. Memory is measured after a completion with
${LONG_CHARACTERS} characters of code before it, which is as much as completion uses of a document on such a machine. It includes the file's pages in use.

${table.markdown}`);
}

function namesOf(all: readonly BenchModel[]): string {
  return all.map(({ name }) => name).join(', ');
}

function progress(name: string, total: number): (done: number, exact: number) => void {
  let told = performance.now();
  return (done, exact) => {
    if (performance.now() - told < 15_000 && done < total) return;
    told = performance.now();
    console.error(`${name}: ${done} of ${total}, ${((100 * exact) / done).toFixed(1)} % exact`);
  };
}
