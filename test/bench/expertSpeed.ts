/**
 * Measures what low-rank experts cost: `tsx test/bench/expertSpeed.ts [--model FILE] [--experts 1,4,8] [--rank 16]
 * [--forms projections,attention] [--type F16] [--depths 0,4096,16384] [--rounds 9] [--threads 2] [--adapter FILE]
 * [--write]`. The base alone, one adapter, and mixtures with random values take turns in one process, and the adapter
 * FILE if it is given. The same tokens are forced in all of them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Device } from '../../kernels/ggml/device.ts';
import type { TensorType } from '../../kernels/ggml/types.ts';
import { MIXTURE_FORMS } from '../../sidecar/models/adapters/expertMixture.ts';
import { openNetwork, type OpenedNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../sidecar/models/chorus/network/placement.ts';
import { defaultModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { writeTinyAdapter, type TinyAdapterOptions } from '../reference/tinyAdapters.ts';
import { writeReport } from './report.ts';
import { median } from './statistics.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    experts: { type: 'string', default: '1,4,8' },
    rank: { type: 'string', default: '16' },
    forms: { type: 'string', default: MIXTURE_FORMS.join(',') },
    type: { type: 'string', default: 'F16' },
    depths: { type: 'string', default: '0,4096,16384' },
    rounds: { type: 'string', default: '9' },
    adapter: { type: 'string' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    write: { type: 'boolean', default: false },
  },
});
const numbers = (list: string): readonly number[] => list.split(',').map(Number);
const [rank, rounds, threads] = [values.rank, values.rounds, values.threads].map(Number) as [number, number, number];
const depths = numbers(values.depths);
const DECODED_TOKENS = 16;
const PROMPT_TOKENS = 512;

interface Times {
  readonly decodeMs: number[];
  readonly promptMs: number[];
}

const model = values.model ?? (await defaultModelPath());
const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-expert-speed-'));
const opened = new Map<string, OpenedNetwork>();
using device = new Device('cpu', { threads });
try {
  await openAll();
  const rows: string[] = [];
  const figures: Record<string, Record<string, Record<string, number>>> = {};
  for (const depth of depths) {
    const times = await measure(depth);
    const [base] = [...times.values()] as [Times];
    for (const [arm, { decodeMs, promptMs }] of times) {
      const decode = ratio(base.decodeMs, decodeMs);
      const prompt = ratio(base.promptMs, promptMs);
      const rate = (1_000 * DECODED_TOKENS) / median(decodeMs);
      (figures[depth] ??= {})[arm] = { tokensPerSecond: rate, decode, prompt };
      rows.push(`| ${depth} | ${arm} | ${rate.toFixed(1)} | ${decode.toFixed(3)} | ${prompt.toFixed(3)} |`);
      console.log(rows.at(-1));
    }
  }
  if (values.write) await write(rows, figures);
} finally {
  for (const each of opened.values()) each[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
}

async function openAll(): Promise<void> {
  const open = async (arm: string, adapters: readonly string[]): Promise<void> => {
    const capacityTokens = Math.max(...depths) + PROMPT_TOKENS + DECODED_TOKENS;
    opened.set(arm, await openNetwork(model, { placement: onOneDevice(device), capacityTokens, adapters }));
  };
  const written = async (name: string, mixture?: TinyAdapterOptions['mixture']): Promise<string> => {
    const file = path.join(folder, `${name}.gguf`);
    await writeTinyAdapter(file, model, { rank, alpha: 2 * rank, type: values.type as TensorType, mixture });
    return file;
  };
  await open('the base alone', []);
  if (values.adapter !== undefined) await open(path.basename(values.adapter), [values.adapter]);
  await open('one adapter', [await written('adapter')]);
  for (const form of MIXTURE_FORMS.filter((each) => values.forms.split(',').includes(each)))
    for (const experts of values.experts === '' ? [] : numbers(values.experts))
      await open(`${experts} in the ${form}`, [await written(`${form}-${experts}`, { experts, expertsUsed: 0, form })]);
}

/** The arms take turns in each round. The order is reversed in every second round. */
async function measure(depth: number): Promise<ReadonlyMap<string, Times>> {
  const times = new Map([...opened.keys()].map((arm): [string, Times] => [arm, { decodeMs: [], promptMs: [] }]));
  for (const each of opened.values()) await fill(each, depth);
  for (let round = 0; round <= rounds; round++)
    for (const [arm, each] of round % 2 === 0 ? [...opened] : [...opened].reverse()) {
      const [promptMs, decodeMs] = await timed(each, depth);
      // The first round warms up.
      if (round > 0) {
        times.get(arm)?.promptMs.push(promptMs);
        times.get(arm)?.decodeMs.push(decodeMs);
      }
    }
  return times;
}

async function fill({ network, sequence, model: { hyperparameters } }: OpenedNetwork, depth: number): Promise<void> {
  sequence.truncate(0);
  while (sequence.length < depth) {
    const count = Math.min(PROMPT_TOKENS, depth - sequence.length);
    await network.evaluate(sequence, tokensFrom(sequence.length, count, hyperparameters.vocabularySize), 'last');
  }
}

async function timed(
  { network, sequence, model: { hyperparameters } }: OpenedNetwork,
  depth: number,
): Promise<readonly [promptMs: number, decodeMs: number]> {
  sequence.truncate(depth);
  const tokens = tokensFrom(depth, PROMPT_TOKENS + DECODED_TOKENS, hyperparameters.vocabularySize);
  const start = performance.now();
  await network.evaluate(sequence, tokens.slice(0, PROMPT_TOKENS), 'last');
  const middle = performance.now();
  for (const token of tokens.slice(PROMPT_TOKENS)) await network.evaluate(sequence, [token], 'last');
  return [middle - start, performance.now() - middle];
}

function tokensFrom(start: number, count: number, vocabularySize: number): number[] {
  return Array.from({ length: count }, (_, index) => ((start + index) * 7_919 + 13) % vocabularySize);
}

/** The speed of an arm as a share of the base's: the median over rounds. */
function ratio(base: readonly number[], arm: readonly number[]): number {
  return median(base.map((ms, round) => ms / (arm[round] as number)));
}

async function write(rows: readonly string[], figures: object): Promise<void> {
  await writeReport({
    name: 'expert-speed',
    title: 'The speed of low-rank experts',
    body: `${PROMPT_TOKENS} tokens of a prompt and ${DECODED_TOKENS} decoded tokens behind contexts of several lengths. Experts of rank ${rank} in ${values.type} on all seven
matrices of a block, with soft gates. In the projections, experts change one attention. In the attention, each expert attends with its own queries. Ratios are speeds as shares of the base's, medians over ${rounds} rounds in which all take turns.

| context, tokens | | decoded tokens/s | decoding / base | prompt / base |
|---:|---|---:|---:|---:|
${rows.join('\n')}`,
    figures,
    model: path.basename(model),
    command: `npx tsx test/bench/expertSpeed.ts --rank ${rank} --type ${values.type} --write`,
  });
}
