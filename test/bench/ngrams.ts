/**
 * What n-grams over a workspace's tokens give, in counts that no other program on the machine changes, at lines of held-out packages that need another
 * file (as `bench:completion`):
 *
 * - evaluations that writing the line, and the 200 tokens from there on, takes with drafts from the prompt, and from whole files of the package too;
 * - nats and exact lines of the network alone, and interpolated with what follows the longest match in prompt and package. Weights are fitted on every
 *   other package and used for the rest.
 *
 *   npm run bench:ngrams -- [--places 40] [--seconds LIMIT] [--seed 1] [--write]
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
import { Deadline, KeptResults } from './bundled/kept.ts';
import { type Place, heldOutPlaces } from './completion/places.ts';
import { type PackageWorkspace, packageWorkspace, uriOf } from './completion/packageWorkspace.ts';
import { recordToken, type TokenRecord } from './ngrams/cacheModel.ts';
import { countEvaluations, type DraftCounts } from './ngrams/drafts.ts';
import { figuresOf, reportOf } from './ngrams/figures.ts';
import { writeReport } from './report.ts';

export interface NgramResult {
  readonly id: string;
  readonly packageName: string;
  /** By how much is written: the line, or 200 tokens; by where drafts come from. */
  readonly drafts: Readonly<Record<'line' | 'block', Readonly<Record<'prompt' | 'files', DraftCounts>>>>;
  /** Of the line's tokens, with the file alone in the prompt and with other files. */
  readonly tokens: Readonly<Record<'file' | 'workspace', readonly TokenRecord[]>>;
}

const BLOCK_TOKENS = 200;
/** Tokens a second by which prompts are budgeted, whatever this machine does. */
const PROMPT_SPEED = 350;
/** Of other files in a prompt. */
const CONTEXT_TOKENS = 1_024;
const UNITS_PER_TOKEN = 3;

const { values: options } = parseArgs({
  options: { places: { type: 'string', default: '40' }, seconds: { type: 'string' }, seed: { type: 'string', default: '1' }, write: { type: 'boolean', default: false } },
});
const deadline = new Deadline(options.seconds === undefined ? undefined : Number(options.seconds));
const engine = new EngineProcess();
const modelPath = process.env['CHORUS_MODEL'] ?? (await fetchModel());
const loaded = await engine.load({ modelPath, engine: 'auto', device: 'auto', threads: 0, contextSizeTokens: 0 });
const session = { engine, loaded, model: async () => loaded };
const kept = await KeptResults.open<NgramResult>(loaded.name.replaceAll(/\W+/g, '-'), 'ngrams');

/** The prompt at a place as after a pause, with other files or without. */
async function promptAt(place: Place, workspace: PackageWorkspace['workspace'] | undefined): Promise<{ tokens: readonly number[]; requiredPrefix: string }> {
  const request = { uri: uriOf(place.path), languageId: place.languageId, text: place.before, offset: place.before.length, explicit: false, clientKey: place.id, settings: {}, workspace, contextSettings: { maxTokens: CONTEXT_TOKENS } };
  const cursor = readCursor(request);
  if (cursor === undefined) throw new Error(`No cursor at ${place.id}`);
  const prompts = new PromptMaker({ session, now: () => performance.now(), onOtherModel: () => undefined, speeds: { of: () => PROMPT_SPEED, note: () => undefined } });
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

async function measure(place: Place): Promise<NgramResult> {
  await using opened = await packageWorkspace(place);
  const files = await filesAt(place, opened.workspace);
  const [file, workspace] = [await promptAt(place, undefined), await promptAt(place, opened.workspace)];
  const written = workspace.requiredPrefix + place.line + place.after;
  const block = (await engine.tokenize(written)).slice(0, BLOCK_TOKENS);
  const line = block.slice(0, (await engine.tokenize(workspace.requiredPrefix + place.line)).length);
  const others = new NgramIndex(Int32Array.from(files));
  const countsOf = (output: readonly number[]): Record<'prompt' | 'files', DraftCounts> => ({ prompt: countEvaluations(workspace.tokens, output), files: countEvaluations(workspace.tokens, output, others) });
  return {
    id: place.id,
    packageName: place.id.slice(0, place.id.indexOf(`/${place.path}`)),
    drafts: { line: countsOf(line), block: countsOf(block) },
    tokens: { file: await tokensOfLine(place, file, files), workspace: await tokensOfLine(place, workspace, files) },
  };
}

const places = await heldOutPlaces(Number(options.places), Number(options.seed));
try {
  for (const place of places) {
    if (deadline.isOver) break;
    if (kept.get(place.id) !== undefined) continue;
    const result = await measure(place);
    await kept.add(result);
    console.log(`${place.id}: ${result.drafts.block.prompt.evaluations} evaluations, with files ${result.drafts.block.files.evaluations}`);
  }
} finally {
  await engine.dispose();
}
const figures = figuresOf(places.flatMap(({ id }) => kept.get(id) ?? []));
console.log(reportOf(figures));
if (options.write) {
  const command = `npm run bench:ngrams -- --places ${options.places} --seed ${options.seed} --write`;
  await writeReport({ name: 'ngrams', title: 'N-grams over a workspace', body: reportOf(figures), figures, model: loaded.name, command });
}
