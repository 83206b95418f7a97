/**
 * Makes the bundled model from scratch: `npx tsx .scripts/bundledModel/make.ts [--only-corpus]`. Fetches the texts and
 * the published model, runs the steps of `recipe.ts`, and puts the result into `media/models`.
 *
 * The same command continues after an interruption: a finished step stays. A step whose recipe changed runs again, with
 * all later ones.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allParts } from '../../sidecar/models/gguf/validate.ts';
import { BUNDLED_MODEL_FILE } from '../../sidecar/shelf/defaultModel.ts';
import { developerCacheFolder, fetchModel } from '../fetchModel.ts';
import { calibrationText } from './calibrationText.ts';
import { corpusFolder, makeCorpus, type CorpusReport } from './corpus.ts';
import { SEED, steps, type RecipeStep, type StepFiles } from './recipe.ts';
import { beginStep, endStep } from './stepNotes.ts';
import { vocabularyTexts, writeVocabularyTexts } from './vocabularyTexts.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = path.join(developerCacheFolder(), 'bundled-model');

const { values: options } = parseArgs({ options: { 'only-corpus': { type: 'boolean', default: false } } });
const corpus = await corpusAsListed();
if (!options['only-corpus']) {
  await mkdir(folder, { recursive: true });
  const calibration = path.join(folder, 'calibration.txt');
  await writeFile(calibration, await calibrationText(path.join(corpusFolder(), 'texts', 'training')));
  await writeVocabularyTexts();
  const texts = vocabularyTexts();
  let made = { file: await fetchModel(SEED), digest: SEED };
  for (const step of steps)
    made = await carryOut(step, { input: made.file, texts, calibrationText: calibration }, made.digest);
  for (const part of allParts(path.join(folder, BUNDLED_MODEL_FILE)))
    await copyFile(part, path.join(root, 'media/models', path.basename(part)));
}

/** Runs a step, unless its output was made from the same input by the same command. */
async function carryOut(
  step: RecipeStep,
  files: Omit<StepFiles, 'output'>,
  inputDigest: string,
): Promise<{ readonly file: string; readonly digest: string }> {
  const output = path.join(folder, step.output);
  const args = step.command({ ...files, output });
  const digest = createHash('sha256')
    .update(JSON.stringify([corpus.fingerprint, args, inputDigest]))
    .digest('hex');
  if (await beginStep(output, digest)) {
    console.log(`\n${step.name}: ${step.why}`);
    await execa(process.execPath, ['--import', 'tsx', 'sidecar/cli/main.ts', ...args], { cwd: root, stdio: 'inherit' });
    await endStep(output, digest);
  } else console.log(`${step.name}: already there`);
  return { file: output, digest };
}

/** Returns the texts of the packages that `packages.json` lists now. */
async function corpusAsListed(): Promise<CorpusReport> {
  const list = createHash('sha256')
    .update(await readFile(new URL('packages.json', import.meta.url)))
    .digest('hex');
  const ready = await readFile(path.join(corpusFolder(), 'READY'), 'utf8').then(
    (text) => JSON.parse(text) as CorpusReport,
    () => undefined,
  );
  if (ready?.list === list) return ready;
  console.log('corpus: fetching packages and choosing texts');
  return makeCorpus();
}
