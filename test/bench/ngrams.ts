/**
 * What n-grams over a workspace's tokens give, in counts that no other program on the machine changes, at lines of held-out packages that need another
 * file (as `bench:completion`):
 *
 * - evaluations that writing the line, and the 200 tokens from there on, takes with drafts from the prompt, and from whole files of the package too;
 * - nats and exact lines of the network alone, and interpolated with what follows the longest match in prompt and package. Weights are fitted on every
 *   other package and used for the rest.
 *
 *   npm run bench:ngrams -- [--places 40] [--drafts-only] [--seconds LIMIT] [--seed 1] [--write]
 *
 * Drafts take a second a place, since what is written is known; the network has to be asked for the rest. Results are kept as they come.
 */
import { open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { readCursor } from '../../sidecar/completion/cursor.ts';
import { PromptMaker } from '../../sidecar/completion/promptMaker.ts';
import { NgramIndex } from '../../sidecar/engine/ngramIndex.ts';
import { EngineProcess } from '../../sidecar/engine/process/engineProcess.ts';
import { MAX_DRAFT_TOKENS } from '../../sidecar/protocol/engine.ts';
import { Deadline } from './kept/deadline.ts';
import { KeptResults } from './kept/keptResults.ts';
import { type Place, heldOutPlaces } from './completion/places.ts';
import { type PackageWorkspace, packageWorkspace, uriOf } from './completion/packageWorkspace.ts';
import { recordToken, type TokenRecord } from './ngrams/cacheModel.ts';
import { countEvaluations, type DraftCounts } from './ngrams/drafts.ts';
import { figuresOf, reportOf } from './ngrams/figures.ts';
import { writeReport } from './report.ts';

/** By how much is written: the line, or 200 tokens; by where drafts come from. */
export interface DraftResult extends Readonly<Record<'line' | 'block', Readonly<Record<'prompt' | 'files', DraftCounts>>>> {
  readonly id: string;
}

/** Of the line's tokens, with the file alone in the prompt and with other files. */
export interface TokenResult extends Readonly<Record<'file' | 'workspace', readonly TokenRecord[]>> {
  readonly id: string;
  readonly packageName: string;
}

const BLOCK_TOKENS = 200;
/** Tokens a second by which prompts are budgeted, whatever this machine does. */
const PROMPT_SPEED = 350;
/** Of other files in a prompt. */
const CONTEXT_TOKENS = 1_024;
const UNITS_PER_TOKEN = 3;

const { values: options } = parseArgs({
  options: { places: { type: 'string', default: '40' }, seconds: { type: 'string' }, seed: { type: 'string', default: '1' }, 'drafts-only': { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const deadline = new Deadline(options.seconds === undefined ? undefined : Number(options.seconds));
const engine = new EngineProcess();
const modelPath = process.env['CHORUS_MODEL'] ?? (await fetchModel());
const loaded = await engine.load({ modelPath, engine: 'auto', device: 'auto', threads: 0, contextSizeTokens: 0 });
const session = { engine, loaded, model: async () => loaded };
const modelName = loaded.name.replaceAll(/\W+/g, '-');
const drafts = await KeptResults.open<DraftResult>(modelName, 'ngram-drafts');
const tokens = await KeptResults.open<TokenResult>(modelName, 'ngram-tokens');

/** The prompt at a place as after a pause, with other files or without. */
async function promptAt(place: Place, workspace: PackageWorkspace['workspace'] | undefined): Promise<{ tokens: readonly number[]; requiredPrefix: string }> {
  const request = { uri: uriOf(place.path), languageId: place.languageId, text: place.before, offset: place.before.length, explicit: false, clientKey: place.id, settings: {}, workspace, contextSettings: { maxTokens: CONTEXT_TOKENS } };
  const cursor = readCursor(request);
  if (cursor === undefined) throw new Error(`No cursor at ${place.id}`);
  const prompts = new PromptMaker({ session, now: () => performance.now(), newTokens: (_, tokens) => tokens.length, onOtherModel: () => undefined, speeds: { of: () => PROMPT_SPEED, note: () => undefined } });
  return prompts.make({ request, cursor, model: loaded, fim: await prompts.fimOf(loaded), extent: { multiline: false, maxTokens: 48 }, purpose: 'readingAhead' });
}

/** Whole files that the place needs, as the sidecar gives them to draft from. */
async function filesAt(place: Place, workspace: PackageWorkspace['workspace']): Promise<readonly number[]> {
  const query = { uri: uriOf(place.path), path: place.path, languageId: place.languageId, text: place.before, offset: place.before.length, maxSnippetUnits: 0 };
  const tokens: number[] = [];
  for (const { text } of [...(await workspace.texts(query, MAX_DRAFT_TOKENS * UNITS_PER_TOKEN))].reverse()) tokens.push(...(await engine.tokenize(text)));
  return tokens.slice(-MAX_DRAFT_TOKENS);
}

async function tokensOfLine(place: Place, prompt: { tokens: readonly number[]; requiredPrefix: string }, files: readonly number[]): Promise<readonly TokenRecord[]> {
  const line = await engine.tokenize(`${prompt.requiredPrefix}${place.line}\n`);
  const outputPath = path.join(os.tmpdir(), `chorus-ngrams-${process.pid}.f32`);
  const { rows, vocabularySize } = await engine.logits({ tokens: [...prompt.tokens, ...line], outputPath });
  const bytes = Buffer.alloc(line.length * vocabularySize * 4);
  const file = await open(outputPath);
  try {
    await file.read(bytes, 0, bytes.length, (rows - line.length - 1) * vocabularySize * 4);
  } finally {
    await file.close();
    await rm(outputPath);
  }
  const logits = new Float32Array(bytes.buffer, bytes.byteOffset, line.length * vocabularySize);
  const index = new NgramIndex(Int32Array.from([...files, ...prompt.tokens]));
  return line.map((token, at) => recordToken(logits.subarray(at * vocabularySize, (at + 1) * vocabularySize), index, [...prompt.tokens, ...line.slice(0, at)], token));
}

async function measureDrafts(place: Place): Promise<DraftResult> {
  await using opened = await packageWorkspace(place);
  const prompt = await promptAt(place, opened.workspace);
  const others = new NgramIndex(Int32Array.from(await filesAt(place, opened.workspace)));
  const block = (await engine.tokenize(prompt.requiredPrefix + place.line + place.after)).slice(0, BLOCK_TOKENS);
  const line = block.slice(0, (await engine.tokenize(prompt.requiredPrefix + place.line)).length);
  const countsOf = (output: readonly number[]): Record<'prompt' | 'files', DraftCounts> => ({ prompt: countEvaluations(prompt.tokens, output), files: countEvaluations(prompt.tokens, output, others) });
  return { id: place.id, line: countsOf(line), block: countsOf(block) };
}

async function measureTokens(place: Place): Promise<TokenResult> {
  await using opened = await packageWorkspace(place);
  const files = await filesAt(place, opened.workspace);
  return {
    id: place.id,
    packageName: place.id.slice(0, place.id.indexOf(`/${place.path}`)),
    file: await tokensOfLine(place, await promptAt(place, undefined), files),
    workspace: await tokensOfLine(place, await promptAt(place, opened.workspace), files),
  };
}

/** Measures what is not kept yet, until the time is over. */
async function fill<Result extends { readonly id: string }>(kept: KeptResults<Result>, measure: (place: Place) => Promise<Result>): Promise<void> {
  for (const place of places) {
    if (deadline.isOver) break;
    if (kept.get(place.id) !== undefined) continue;
    await kept.add(await measure(place));
    console.log(place.id);
  }
}

const places = await heldOutPlaces(Number(options.places), Number(options.seed));
try {
  await fill(drafts, measureDrafts);
  if (!options['drafts-only']) await fill(tokens, measureTokens);
} finally {
  await engine.dispose();
}
const figures = figuresOf(places.flatMap(({ id }) => drafts.get(id) ?? []), places.flatMap(({ id }) => tokens.get(id) ?? []));
console.log(reportOf(figures));
if (options.write) {
  const command = `npm run bench:ngrams -- --places ${options.places} --seed ${options.seed}${options['drafts-only'] ? ' --drafts-only' : ''} --write`;
  await writeReport({ name: 'ngrams', title: 'N-grams over a workspace', body: reportOf(figures), figures, model: loaded.name, command });
}
