/**
 * Makes mutants and lets libllama load those that the validator accepts, one after the other, until one aborts.
 * `fuzzLibllama.ts` runs this in a separate process and continues after the abort. The progress file names the current
 * mutant.
 */
import { mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { inspectModelFile } from '../../../../sidecar/models/modelFile.ts';
import type { ModelShape } from '../../../../sidecar/models/gguf/validate.ts';
import { libLlamaFunctions } from '../../../../sidecar/models/llamaCpp/libLlama.ts';
import { Random } from '../fuzz/random.ts';
import { copyMutant, makeBases, type Base } from './bases.ts';
import { writeMutant } from './mutantFile.ts';
import { mutate } from './mutations.ts';

const CONTEXT_TOKENS = 32;
/** The same limit as in the plan of a user's memory. */
const MAX_CACHE_BYTES = 64 * 1024 ** 2;
/** The size of the progress file in bytes. */
const PROGRESS_LENGTH = 4_096;

const [seed = 1, from = 0, to = 0, mostPassed = 0] = process.argv.slice(2, 6).map(Number);
const progressFile = process.argv[6] as string;
const folder = mkdtempSync(path.join(os.tmpdir(), 'chorus-mutants-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const progress = openSync(progressFile, 'w');
const file = path.join(folder, 'mutant.gguf');
const bases = await makeBases(folder);
const api = libLlamaFunctions('cpu');
api.setLog(api.silence, null);
api.initialise();
let [passed, loaded, slowestMs] = [0, 0, 0];

let input = from;
for (; input < to && passed < mostPassed; input++) await runMutant();
tell('end', '');

async function runMutant(): Promise<void> {
  const random = new Random(seed + input);
  const base = random.of(bases);
  const mutant = copyMutant(base.mutant);
  const changes = mutate(mutant, random);
  await writeMutant(file, mutant);
  const shape = await inspect();
  if (!shape) return;
  passed++;
  // Uses processor time, since other processes may use the processor too.
  const begun = process.cpuUsage();
  load(shape, (stage) => tell(stage, describe(base, changes)));
  const { user, system } = process.cpuUsage(begun);
  slowestMs = Math.max(slowestMs, (user + system) / 1_000);
}

/** Returns the shape, or `undefined` if the mutant was refused. */
async function inspect(): Promise<ModelShape | undefined> {
  try {
    return (await inspectModelFile(file)).shape;
  } catch (error) {
    if (error instanceof TroubleError) return undefined;
    throw error;
  }
}

/** Loads a model as usual: its vocabulary, its weights, a context, and two tokens. */
function load(shape: ModelShape, onStage: (stage: string) => void): void {
  onStage('vocabulary');
  const vocabularyParams = api.modelDefaults();
  vocabularyParams['vocab_only'] = true;
  const vocabulary = api.loadModel(file, vocabularyParams) as bigint;
  if (vocabulary) api.freeModel(vocabulary);
  onStage('model');
  const modelParams = api.modelDefaults();
  modelParams['n_gpu_layers'] = 0;
  const model = api.loadModel(file, modelParams) as bigint;
  if (!model) return;
  loaded++;
  if (shape.cacheElementsPerToken * CONTEXT_TOKENS * 2 <= MAX_CACHE_BYTES) useContext(model, onStage);
  api.freeModel(model);
}

function useContext(model: bigint, onStage: (stage: string) => void): void {
  onStage('context');
  const params = api.contextDefaults();
  Object.assign(params, {
    n_ctx: CONTEXT_TOKENS,
    n_batch: CONTEXT_TOKENS,
    n_ubatch: CONTEXT_TOKENS,
    n_threads: 1,
    n_threads_batch: 1,
    no_perf: true,
  });
  const context = api.createContext(model, params) as bigint;
  if (!context) return;
  onStage('tokens');
  api.decode(context, {
    n_tokens: 2,
    token: Int32Array.of(3, 4),
    embd: null,
    pos: Int32Array.of(0, 1),
    n_seq_id: null,
    seq_id: null,
    logits: Int8Array.of(0, 1),
  });
  api.synchronize(context);
  api.freeContext(context);
}

function describe({ name }: Base, changes: readonly string[]): string {
  return `${name}: ${changes.join('; ')}`.slice(0, 1_000);
}

function tell(stage: string, mutant: string): void {
  writeSync(progress, JSON.stringify({ input, stage, mutant, passed, loaded, slowestMs }).padEnd(PROGRESS_LENGTH), 0);
}
