/**
 * Makes the bundled model from nothing: `npx tsx .scripts/bundledModel/make.ts [--until STEP] [--only-corpus] [--from-shipped]`. Fetches the texts and the seed,
 * carries out the steps of `recipe.ts` and measures what came out. Whatever ends it, the same command goes on: steps that are done stay done,
 * trainings go on from their last checkpoint. A step whose recipe changed is begun anew, and all that need it.
 * With `--from-shipped` the code expert, most of the time, is taken out of the model that ships: what is made of it is made in an hour, by other bits.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { homeFolder } from '../../sidecar/client/home.ts';
import { bundledModelPath } from '../../sidecar/store/defaultModel.ts';
import { developerCacheFolder } from '../fetchModel.ts';
import { calibrationText } from './calibrationText.ts';
import { writeCodeExpertOfShipped } from './codeExpertOfShipped.ts';
import { corpusFolder, makeCorpus, type CorpusReport } from './corpus.ts';
import { compared, seed, steps, type RecipeStep } from './recipe.ts';
import { beginStep, endStep } from './stepNotes.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = path.join(developerCacheFolder(), 'bundled-model');
/** Steps that only the code expert needs. */
const TOWARDS_CODE_EXPERT: readonly string[] = ['code', 'gaps'];

const { values: options } = parseArgs({ options: { until: { type: 'string' }, 'only-corpus': { type: 'boolean', default: false }, 'from-shipped': { type: 'boolean', default: false } } });
if (options.until !== undefined && !steps.some(({ name }) => name === options.until)) throw new Error(`--until knows ${steps.map(({ name }) => name).join(', ')}; got ${options.until}.`);

const corpus = await corpusAsListed();
/** Files by the name of what made them, and what decides their content. */
const made = new Map<string, { readonly file: string; readonly digest: string }>();
if (!options['only-corpus']) {
  await mkdir(folder, { recursive: true });
  made.set('seed', { file: await seed(), digest: 'seed' });
  const calibration = path.join(folder, 'calibration.txt');
  await writeFile(calibration, await calibrationText(path.join(corpusFolder(), 'texts', 'training')));
  made.set('calibration', { file: calibration, digest: 'calibration' });
  for (const step of steps) {
    if (options['from-shipped'] && TOWARDS_CODE_EXPERT.includes(step.name)) continue;
    await (options['from-shipped'] && step.name === 'code-expert' ? carryOut({ ...step, needs: ['seed', 'prose'] }, takeOutOfShipped) : carryOut(step));
    if (step.name === options.until) break;
  }
  if (options.until === undefined) await measure();
}

async function carryOut(step: RecipeStep, otherWay?: (output: string) => Promise<void>): Promise<void> {
  const output = path.join(folder, step.output ?? `${step.name}.gguf`);
  const args = otherWay ? [] : step.command(fileOf, output);
  // What was made of other files, or by another command, is made again.
  const inputs = [corpus.fingerprint, args, step.needs.map((name) => made.get(name)?.digest)];
  const digest = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  made.set(step.name, { file: output, digest });
  if (!(await beginStep(output, digest, () => forgetCheckpoints(args)))) {
    console.log(`${step.name}: there already`);
    return;
  }
  console.log(`\n${step.name}: ${step.why}`);
  await (otherWay ? otherWay(output) : chorus(args));
  await endStep(output, digest);
}

async function takeOutOfShipped(output: string): Promise<void> {
  const shipped = await bundledModelPath();
  if (shipped === undefined) throw new Error('--from-shipped needs the model in media/models: get it from the repository.');
  await writeCodeExpertOfShipped({ shipped, seed: fileOf('seed'), prose: fileOf('prose'), output });
}

/** Those of another recipe must not be taken up. */
async function forgetCheckpoints(args: readonly string[]): Promise<void> {
  const name = args[0] === 'train' ? args[args.indexOf('--name') + 1] : undefined;
  if (name !== undefined) await rm(path.join(homeFolder(), 'train', name), { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const models = compared.map((name) => `${name}=${fileOf(name)}`);
  await execa(process.execPath, ['--import', 'tsx', 'test/bench/bundled.ts', ...models, '--write'], { cwd: root, stdio: 'inherit' });
}

function fileOf(name: string): string {
  const one = made.get(name);
  if (!one) throw new Error(`The recipe uses ${name} before it is made.`);
  return one.file;
}

/** The texts of the packages that are listed now. */
async function corpusAsListed(): Promise<CorpusReport> {
  const list = createHash('sha256').update(await readFile(new URL('packages.json', import.meta.url))).digest('hex');
  const ready = await readFile(path.join(corpusFolder(), 'READY'), 'utf8').then((text) => JSON.parse(text) as CorpusReport, () => undefined);
  if (ready?.list === list) return ready;
  console.log('corpus: fetching packages and choosing texts');
  return makeCorpus();
}

async function chorus(args: readonly string[]): Promise<void> {
  await execa(process.execPath, ['--import', 'tsx', 'sidecar/cli/main.ts', ...args], { cwd: root, stdio: 'inherit' });
}
