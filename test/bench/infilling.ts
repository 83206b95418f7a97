/**
 * Measures exact matches on HumanEval-SingleLineInfilling, for models that people run. A line is removed from a
 * program, and the model writes it greedily: as Chorus asks, and as editors ask llama.cpp.
 *
 *   npx tsx test/bench/infilling.ts [NAME=MODEL.gguf[+EXPERTS.gguf] …] [--peer-problems 200] [--max-seconds N]
 *     [--write]
 *
 * Without models these are the bundled one and Qwen2.5-Coder 0.5B and 1.5B. The first model is the reference. Results
 * are kept as those of `bench:bundled`, so that several short runs add up to a whole run.
 */
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { bundledExpertsPath, bundledModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { fillGaps, gapTask, gapVariant, type GapResult } from './bundled/fillGaps.ts';
import { readGaps } from './bundled/gaps.ts';
import { gapTable, guessedTable } from './bundled/gapTables.ts';
import { namedModel, type BenchModel } from './bundled/models.ts';
import { fillPlainly, plainTask, plainVariant, type PlainResult } from './infilling/fillPlainly.ts';
import { plainTable } from './infilling/plainTable.ts';
import { Deadline } from './kept/deadline.ts';
import { keepInRepository } from './kept/keptTask.ts';
import { writeReport } from './report.ts';
import { shuffled } from './shuffled.ts';

/** The seed of the order of problems, so that an interrupted run has a fair part of them. */
const SEED = 1;
const FETCHED = { 'Qwen2.5-Coder-0.5B': 'qwen2.5-coder-0.5b', 'Qwen2.5-Coder-1.5B': 'qwen2.5-coder-1.5b' } as const;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'peer-problems': { type: 'string', default: '200' },
    'max-seconds': { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const models = await Promise.all((positionals.length > 0 ? positionals : await defaultModels()).map(namedModel));
const problems = shuffled(
  (await readGaps()).filter(({ group }) => group === 'HumanEval'),
  SEED,
);
const deadline = new Deadline(options['max-seconds'] === undefined ? undefined : Number(options['max-seconds']));
const asked = new Map<string, ReadonlyMap<string, GapResult>>();
const plain = new Map<string, ReadonlyMap<string, PlainResult>>();
for (const [index, model] of models.entries()) await measure(model, deadline.part(models.length - index));

const tables = {
  asChorusAsks: gapTable(asked, problems),
  withGuessedIndentation: guessedTable(asked, problems),
  asEditorsAskLlamaCpp: plainTable(plain, asked),
};
const body = reportBody();
console.log(body);
if (options.write) await write();

async function defaultModels(): Promise<readonly string[]> {
  const bundled = await bundledModelPath();
  const fetched = Object.entries(FETCHED).map(async ([name, id]) => `${name}=${await fetchModel(id)}`);
  return [
    ...(bundled === undefined ? [] : [`Chorus-0.5B=${bundled}+${await bundledExpertsPath()}`]),
    ...(await Promise.all(fetched)),
  ];
}

async function measure(model: BenchModel, time: Deadline): Promise<void> {
  const peerProblems = problems.slice(0, Number(options['peer-problems']));
  plain.set(model.name, await fillPlainly(model, peerProblems, time.part(2)));
  asked.set(model.name, await fillGaps(model, problems, { deadline: time }));
  console.error(`${model.name}: ${asked.get(model.name)?.size} of ${problems.length} problems`);
}

function reportBody(): string {
  return `HumanEval-SingleLineInfilling has ${problems.length.toLocaleString('en')} programs. One line of a program is missing, and the model writes it, greedily. A result is exact if it equals the
missing line, including indentation but not white space at the end. In brackets: points more than the first model, and the standard error of that mean, over the problems that both have.

As Chorus asks. It takes back the token at the cursor, and masks indentations that Python does not allow there:

${tables.asChorusAsks.markdown}

The same without the mask, where the model guesses the indentation:

${tables.withGuessedIndentation.markdown}

As editors ask llama.cpp: its own engine, the model's marks for the text before and after the gap, no token taken back, no mask. In brackets: points more than Chorus with the same model,
on the same problems.

${tables.asEditorsAskLlamaCpp.markdown}

The goals: at least 50 % with Qwen2.5-Coder-0.5B, and 66 % with 1.5B.`;
}

async function write(): Promise<void> {
  for (const { digest } of models) {
    await keepInRepository(digest, gapTask, [gapVariant]);
    await keepInRepository(digest, plainTask, [plainVariant]);
  }
  await writeReport({
    name: 'infilling',
    title: 'Filling in a missing line',
    model: models.map(({ name }) => name).join(', '),
    figures: Object.fromEntries(Object.entries(tables).map(([name, { figures }]) => [name, figures])),
    command: 'npx tsx test/bench/infilling.ts --write',
    body,
  });
}
