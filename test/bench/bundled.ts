/**
 * Measures candidates for the bundled model side by side: lines and spans filled in, bits per byte of texts that are held out, load and worth of
 * experts, size and speed.
 *
 *   npm run bench:bundled -- [NAME=]MODEL.gguf … [--only gaps,bits,experts,speed] [--texts code,prose,declaration,answers] [--development] [--left-to-right] [--ngrams] [--max-seconds N] [--keep] [--write]
 *
 * `--texts` says of what bits are measured. `--development` fills other gaps, by which recipes are chosen, so that those of the report were not chosen by.
 * The first model is what the others are compared with; without any it is SmolLM2, as the extension had it before. Results are kept by the model's digest in
 * the developer's cache, and with `--keep` or `--write` in docs/results, so that several runs, also on several machines, make a whole one. Needs the corpus: `.scripts/bundledModel/corpus.ts`.
 */
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { bitTask, bitVariant, measureBits, type BitResult } from './bundled/bits.ts';
import { bitTable } from './bundled/bitTable.ts';
import { readBitTexts, TEXT_KINDS, type TextKind } from './bundled/bitTexts.ts';
import { expertCount, measureExpertLoad, type ExpertLoad } from './bundled/expertLoad.ts';
import { fillGaps, GAP_VARIANTS, gapTask, type GapResult } from './bundled/fillGaps.ts';
import { GAP_GROUPS, readDevelopmentGaps, readGaps, type Gap } from './bundled/gaps.ts';
import { Deadline } from './kept/deadline.ts';
import { keepInRepository } from './kept/keptTask.ts';
import { namedModel, type BenchModel } from './bundled/models.ts';
import { fillGapsByNgrams } from './bundled/ngramGaps.ts';
import { measureSpeeds } from './bundled/speed.ts';
import { gapTable, loadTable, missingTable, speedTable } from './bundled/tables.ts';
import { withoutExpert } from './bundled/withoutExpert.ts';
import { writeReport } from './report.ts';

const PARTS = ['gaps', 'bits', 'experts', 'speed'] as const;
type Part = (typeof PARTS)[number];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: PARTS.join() },
    texts: { type: 'string', default: TEXT_KINDS.join() },
    development: { type: 'boolean', default: false },
    'left-to-right': { type: 'boolean', default: false },
    ngrams: { type: 'boolean', default: false },
    'max-seconds': { type: 'string' },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const chosen = choiceOf<Part>('only', PARTS);
const kinds = choiceOf<TextKind>('texts', TEXT_KINDS);
if (options.development && options.write) throw new Error('--write reports gaps that nothing was chosen by: leave out --development.');

const deadline = new Deadline(options['max-seconds'] === undefined ? undefined : Number(options['max-seconds']));
const models = await Promise.all((positionals.length > 0 ? positionals : [`SmolLM2-135M-Instruct Q4_1=${await fetchModel()}`]).map(namedModel));
const sections: string[] = [];
const figures: Record<string, object> = {};
if (chosen.includes('gaps')) await gaps();
if (chosen.includes('bits') || chosen.includes('experts')) await bits();
if (chosen.includes('speed') && !deadline.isOver) await speed();
console.log(sections.join('\n\n'));
if (options.keep || options.write) {
  for (const { digest } of models) {
    if (chosen.includes('gaps')) await keepInRepository(digest, gapTask, GAP_VARIANTS);
    if (chosen.includes('bits')) await keepInRepository(digest, bitTask, [bitVariant]);
  }
}
if (options.write) {
  await writeReport({
    name: 'bundled-model',
    title: 'The bundled model and its peers',
    model: models.map(({ name }) => name).join(', '),
    figures,
    command: `npm run bench:bundled -- ${models.map(({ name }) => `"${name}=…"`).join(' ')}${options['left-to-right'] ? ' --left-to-right' : ''}${options.ngrams ? ' --ngrams' : ''} --write`,
    body: sections.join('\n\n'),
  });
}

/** Throws where the option names what isn't there. */
function choiceOf<Choice extends string>(option: 'only' | 'texts', choices: readonly Choice[]): readonly Choice[] {
  const named = options[option].split(',') as Choice[];
  const stranger = named.find((one) => !choices.includes(one));
  if (stranger !== undefined) throw new Error(`--${option} knows ${choices.join(', ')}; got ${stranger}.`);
  return named;
}

async function gaps(): Promise<void> {
  // Groups in turn, so that a run that is cut short has some of each.
  const all = inTurn(await (options.development ? readDevelopmentGaps() : readGaps()));
  const rows = new Map<string, ReadonlyMap<string, GapResult>>();
  const [first] = models;
  const leftToRight = options['left-to-right'] && first ? [first] : [];
  // What follows the gaps gets its part of the time as well.
  let left = models.length + leftToRight.length + Number(options.ngrams) + chosen.length - 1;
  for (const model of models) rows.set(model.name, await fillGaps(model, all, { deadline: deadline.part(left--), onDone: progress(model.name, all.length) }));
  for (const model of leftToRight) {
    const name = `${model.name}, left to right`;
    rows.set(name, await fillGaps(model, all, { deadline: deadline.part(left--), leftToRight: true, onDone: progress(name, all.length) }));
  }
  if (options.ngrams) rows.set('n-grams', await fillGapsByNgrams(all, deadline.part(left), progress('n-grams', all.length)));
  const table = gapTable(rows, all);
  const missing = missingTable(rows, all);
  figures['gaps'] = table.figures;
  figures['natsOfGaps'] = missing.figures;
  sections.push(`## Gaps filled

A line, or the rest of one (*spans*), is missing and the model writes it, greedily, through the prompt that completion makes. Counted is what equals the
missing text, indentation included, white space at the end aside. HumanEval: all of HumanEval-SingleLineInfilling. The others are lines of code of
packages that no model was trained on here, the same for all. In brackets: points more than the first row over what both have done, and the standard error
of that mean. *n-grams* continues as the longest context that it saw in the training texts or the file itself.

${table.markdown}

How likely each model finds what is missing, and that the line ends there: nats, less is better. In brackets: more than the first row over what both have done.

${missing.markdown}`);
}

async function bits(): Promise<void> {
  const texts = await readBitTexts(kinds);
  const rows = new Map<string, ReadonlyMap<string, BitResult>>();
  const loads = new Map<string, ExpertLoad>();
  const measured: BenchModel[] = [];
  for (const model of models) {
    measured.push(model);
    const experts = chosen.includes('experts') ? await expertCount(model) : 1;
    for (let expert = 0; experts > 1 && expert < experts; expert++) measured.push(await withoutExpert(model, expert));
    if (experts > 1 && !deadline.isOver) loads.set(model.name, await measureExpertLoad(model, texts));
  }
  for (const [index, model] of measured.entries()) {
    rows.set(model.name, await measureBits(model, texts, deadline.part(measured.length - index)));
    console.error(`${model.name}: ${rows.get(model.name)?.size} of ${texts.length} texts`);
  }
  const table = bitTable(rows, texts);
  figures['bitsPerByte'] = table.figures;
  sections.push(`## Bits per byte

Of the beginnings of texts, the same for all models; less is better. In brackets: percent more than the first model needs for the same texts, and the standard
error over texts. *Code* of TypeScript, JavaScript, Python, Go, Rust and Java is of packages that are held out. That of C, C++, C# and PHP is of packages whose
tokens were counted when the vocabulary was chosen; no model was trained on them here. *Prose* is READMEs, *declaration* the Universal Declaration of Human Rights in 25 translations,
*answers* those to Python's frequently asked questions, asked in the model's chat template.

${table.markdown}`);
  if (loads.size === 0) return;
  figures['expertLoad'] = Object.fromEntries(loads);
  sections.push(`## Load of experts

Share of the tokens that an expert runs for, and for attention the mean of its gate: least, mean and most of any layer.

${loadTable(loads)}`);
}

async function speed(): Promise<void> {
  const speeds = await measureSpeeds(models);
  figures['speed'] = Object.fromEntries(speeds);
  sections.push(`## Size and speed

Prompts of 256 tokens and decoding, both after 256 tokens, on all cores, models in turn; the median of five rounds.

${speedTable(speeds, new Map(models.map(({ name, sizeBytes }) => [name, sizeBytes])))}`);
}

function inTurn(all: readonly Gap[]): readonly Gap[] {
  const groups = GAP_GROUPS.map((group) => all.filter((gap) => gap.group === group));
  const longest = Math.max(...groups.map(({ length }) => length));
  return groups
    .flatMap((group) => group.map((gap, index) => ({ gap, at: (index * longest) / group.length })))
    .sort((a, b) => a.at - b.at)
    .map(({ gap }) => gap);
}

function progress(name: string, total: number): (done: number, exact: number) => void {
  let told = performance.now();
  return (done, exact) => {
    if (performance.now() - told < 15_000 && done < total) return;
    told = performance.now();
    console.error(`${name}: ${done} of ${total}, ${((100 * exact) / done).toFixed(1)} % exact`);
  };
}
