/**
 * Compares the speed of decoding and of the next 260 tokens of a prompt, deep in a context, with libllama with and
 * without flash attention:
 *
 *   npx tsx test/bench/longContext.ts [--depths 4096,16384,32768] [--rounds 3] [--threads N] [--cache CHOICE …]
 *     [--write]
 *
 * `--cache` measures other choices than the page's. With one thread all engines compute on the calling thread and
 * processor time is measured, which other load hardly changes.
 *
 * The weights are SmolLM2's. Beyond its trained length its text is useless, but its speed is not. The speed does not
 * depend on the contents of the context either. So the keys and values of 512 tokens are repeated in all caches, and
 * only the last tokens of a context are read at their place.
 */
import { execa } from 'execa';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { Device } from '../../kernels/ggml/device.ts';
import { computeEnvironment } from '../../sidecar/common/childProcess/computeEnvironment.ts';
import { parseCacheChoice } from '../../sidecar/models/chorus/cache/cacheChoice.ts';
import { sequenceOptions } from '../../sidecar/models/chorus/cache/cacheLayout.ts';
import { CacheRows } from '../../sidecar/models/chorus/cache/cacheRows.ts';
import { ChorusSequence } from '../../sidecar/models/chorus/chorusSequence.ts';
import { checkModel } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { Network } from '../../sidecar/models/chorus/network/network.ts';
import { onOneDevice } from '../../sidecar/models/chorus/network/placement.ts';
import { SequenceCache } from '../../sidecar/models/chorus/cache/sequenceCache.ts';
import { withTiedOutput } from '../../sidecar/models/chorus/network/tiedOutput.ts';
import { LocalEngine } from '../../sidecar/engine/localEngine.ts';
import { ChoosingHeads, type HeadsToChoose } from '../../sidecar/models/chorus/tiers/choosingHeads.ts';
import { HEAD_NEEDS_TEXT } from '../../sidecar/models/chorus/tiers/headNeedsText.ts';
import { openCache } from '../../sidecar/models/chorus/cache/openCache.ts';
import { TieredCache } from '../../sidecar/models/chorus/cache/tieredCache.ts';
import { loadWeights } from '../../sidecar/models/chorus/network/weights.ts';
import { LibLlama } from '../../sidecar/models/llamaCpp/libLlama.ts';
import { computeThreads } from '../../sidecar/models/threads.ts';
import { goalLines, type Measured } from './longContext/goals.ts';
import { repeatedState } from './longContext/repeatedState.ts';
import { processorMs } from './processorTime.ts';
import { writeReport } from './report.ts';
import { median } from './statistics.ts';

const DECODE_TOKENS = 68;
/**
 * The tokens that one engine decodes in a turn. The first is not counted, since the other engine's threads spin for
 * some milliseconds. The rest are whole intervals between two choices of rows, so that choices count with their true
 * frequency.
 */
const TURN_TOKENS = 17;
const PROMPT_TOKENS = 260;
/** Read once, and repeated. */
const READ_TOKENS = 512;
/** Read after the repeated tokens: as many as any choice of rows looks at. */
const LAST_TOKENS = 64;
/** Rows for appended tokens in a cache that keeps some rows. */
const ROOM_ROWS = 1_024;
const CHOICES = ['full', 'tiered:1024', 'snapkv:2048', 'snapkv:1024'] as const;

const { values } = parseArgs({
  options: {
    depths: { type: 'string', default: '4096,16384,32768' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '0' },
    cache: { type: 'string', multiple: true, default: [...CHOICES] },
    write: { type: 'boolean', default: false },
  },
});
if (Object.entries(computeEnvironment).some(([name, value]) => process.env[name] !== value)) {
  const { exitCode } = await execa(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: computeEnvironment,
    stdio: 'inherit',
    reject: false,
  });
  process.exit(exitCode ?? 1);
}

/** An engine that holds a context and appends to it. */
interface Competitor extends Disposable {
  readonly name: string;
  /** The bytes of the keys and values that an answer attends. */
  readonly attendedBytes?: number;
  /** Reads the context. */
  read(tokens: readonly number[]): Promise<void>;
  decode(token: number): Promise<void>;
  prompt(tokens: readonly number[]): Promise<void>;
  /** Returns to the end of the context. */
  back(): Promise<void>;
}

interface Row extends Measured {
  readonly decode: number;
  readonly prompt: number;
}

const threads = await computeThreads(Number(values.threads));
const isProcessorTime = threads === 1;
const modelPath = await fetchModel();
using device = new Device('cpu', { threads });
const model = await checkModel(modelPath);
const placement = onOneDevice(device);
const { specs, tensors } = withTiedOutput(model, placement);
using weights = await loadWeights(placement, specs, tensors);
using network = new Network({
  architecture: model.architecture,
  hyperparameters: model.hyperparameters,
  placement,
  weights,
});
const { vocabularySize } = model.hyperparameters;
const tokenAt = (index: number): number => (Math.imul(index, 7_919) + 13) % vocabularySize;

const text = await headNeedsText();
const rows: Row[] = [];
const depths = values.depths.split(',').map(Number);
if (depths.some((depth) => !Number.isInteger(depth / READ_TOKENS) || depth < READ_TOKENS))
  throw new Error(`--depths takes multiples of ${READ_TOKENS}; got ${values.depths}.`);
for (const depth of depths) rows.push(...(await measure(depth)));
await report();

/** Returns the model's tokens of the text that determines which heads choose. */
async function headNeedsText(): Promise<HeadsToChoose['text']> {
  const engine = new LocalEngine({ log: () => undefined });
  const { special } = await engine.load({
    modelPath,
    engine: 'chorus',
    device: 'cpu',
    threads,
    contextSizeTokens: READ_TOKENS,
  });
  const tokens = await engine.tokenize(HEAD_NEEDS_TEXT);
  await engine.dispose();
  return { special, tokenize: () => [...tokens] };
}

async function measure(depth: number): Promise<readonly Row[]> {
  const context = Array.from({ length: depth }, (_, index) => tokenAt(index));
  const names = [...values.cache, 'libllama, flash attention', 'libllama'];
  const times = new Map(
    names.map((name) => [
      name,
      { decodeMs: [] as number[], promptMs: [] as number[], attendedBytes: undefined as number | undefined },
    ]),
  );
  const open: Competitor[] = [];
  try {
    for (const name of names) open.push(name.startsWith('libllama') ? theirs(name, depth) : await ours(name, depth));
    for (const competitor of open) {
      await competitor.read(context);
    }
    // The first round warms up.
    for (let round = 0; round <= Number(values.rounds); round++) {
      const elapsedMs = new Map(names.map((name) => [name, { decode: 0, prompt: 0 }]));
      const timed = async (name: string, what: 'decode' | 'prompt', work: () => Promise<void>): Promise<void> => {
        const startMs = nowMs();
        await work();
        (elapsedMs.get(name) as { decode: number; prompt: number })[what] += nowMs() - startMs;
      };
      for (let turn = 0; turn < DECODE_TOKENS / TURN_TOKENS; turn++) {
        for (const competitor of (round + turn) % 2 === 0 ? open : [...open].reverse()) {
          // During the first token the other engine's threads are still busy.
          await competitor.decode(tokenAt(depth + turn));
          for (let token = 1; token < TURN_TOKENS; token++)
            await timed(competitor.name, 'decode', () => competitor.decode(tokenAt(depth + turn + token)));
        }
      }
      for (const competitor of open) await competitor.back();
      for (const competitor of open)
        await timed(competitor.name, 'prompt', () =>
          competitor.prompt(Array.from({ length: PROMPT_TOKENS }, (_, index) => tokenAt(depth + index))),
        );
      for (const competitor of open) await competitor.back();
      if (round === 0) continue;
      for (const [name, { decode, prompt }] of elapsedMs) {
        times.get(name)?.decodeMs.push(decode);
        times.get(name)?.promptMs.push(prompt);
      }
    }
    const timedTokens = DECODE_TOKENS - DECODE_TOKENS / TURN_TOKENS;
    const decode = (name: string): number => (timedTokens * 1000) / median(times.get(name)?.decodeMs ?? []);
    const prompt = (name: string): number => (PROMPT_TOKENS * 1000) / median(times.get(name)?.promptMs ?? []);
    const theirBest = (of: (name: string) => number): number =>
      Math.max(of('libllama, flash attention'), of('libllama'));
    return open.map(({ name, attendedBytes }) => ({
      depth,
      name,
      decode: decode(name),
      prompt: prompt(name),
      decodeRatio: decode(name) / theirBest(decode),
      promptRatio: prompt(name) / theirBest(prompt),
      attendedBytes,
    }));
  } finally {
    for (const competitor of open) competitor[Symbol.dispose]();
  }
}

function nowMs(): number {
  return isProcessorTime ? processorMs() : performance.now();
}

async function ours(name: string, depth: number): Promise<Competitor> {
  const choice = parseCacheChoice(name);
  const cache = new SequenceCache(
    placement,
    model.hyperparameters,
    choice.capacity === Infinity ? depth + PROMPT_TOKENS + DECODE_TOKENS : choice.capacity + ROOM_ROWS,
    sequenceOptions(choice.tier),
  );
  const heads =
    choice.tier &&
    (await ChoosingHeads.of(choice.tier, {
      hyperparameters: model.hyperparameters,
      text,
      contextSizeTokens: depth,
      modelKey: '',
    }));
  const runs = await heads?.runs(network);
  const attended = openCache(network, cache, { choice, text, runs });
  const sequence = new ChorusSequence(attended, vocabularySize);
  const rows = new CacheRows(placement, cache, {
    key: name,
    adapterSet: 'completion',
    exactLength: () => cache.length,
    stretch: 1,
  });
  let contextTokens = 0;
  return {
    name,
    get attendedBytes() {
      return attended instanceof TieredCache
        ? attended.answers.attendedBytes
        : (cache.sizeBytes * cache.rows) / cache.capacity;
    },
    async read(tokens) {
      await network.evaluate(cache, tokens.slice(0, READ_TOKENS), 'none');
      const read = new Uint8Array(READ_TOKENS * rows.rowBytes);
      rows.read(0, read);
      const keptTokens = Math.min(tokens.length, choice.capacity);
      while (cache.length < keptTokens) rows.append(tokens.slice(cache.length, cache.length + READ_TOKENS), read);
      if (choice.capacity !== Infinity) cache.hold(tokens, keptTokens);
      else {
        cache.truncate(tokens.length - LAST_TOKENS);
        await sequence.forward(tokens.slice(-LAST_TOKENS), { wanted: 'none', isAnswer: false });
      }
      contextTokens = tokens.length;
    },
    decode: async (token) => void (await sequence.forward([token], { wanted: 'last', isAnswer: true })),
    prompt: async (tokens) => void (await sequence.forward(tokens, { wanted: 'last', isAnswer: false })),
    back: async () => cache.truncate(contextTokens),
    [Symbol.dispose]: () => {
      network.forget(cache);
      attended[Symbol.dispose]();
      cache[Symbol.dispose]();
    },
  };
}

function theirs(name: string, depth: number): Competitor {
  const llama = new LibLlama(modelPath, {
    contextSizeTokens: depth + READ_TOKENS,
    threads,
    flashAttention: name.includes('flash'),
    quiet: true,
  });
  let [contextTokens, past, attendedBytes] = [0, 0, 0];
  const append = (tokens: readonly number[]): void => {
    llama.decode(tokens, past, { read: false });
    past += tokens.length;
  };
  return {
    name,
    get attendedBytes() {
      return attendedBytes;
    },
    read: async (tokens) => {
      append(tokens.slice(0, READ_TOKENS));
      const state = repeatedState(llama.state(), tokens.length / READ_TOKENS);
      attendedBytes = state.byteLength;
      llama.restore(state);
      llama.truncate((past = tokens.length - LAST_TOKENS));
      append(tokens.slice(-LAST_TOKENS));
      contextTokens = past;
    },
    decode: async (token) => append([token]),
    prompt: async (tokens) => append(tokens),
    back: async () => llama.truncate((past = contextTokens)),
    [Symbol.dispose]: () => llama[Symbol.dispose](),
  };
}

async function report(): Promise<void> {
  const mebibytes = (bytes: number | undefined): string => (bytes === undefined ? '' : (bytes / 2 ** 20).toFixed(1));
  const table = rows.map(
    ({ depth, name, decode, prompt, decodeRatio, promptRatio, attendedBytes }) =>
      `| ${depth} | ${name} | ${decode.toFixed(1)} | ${decodeRatio.toFixed(2)} | ${prompt.toFixed(1)} | ${promptRatio.toFixed(2)} | ${mebibytes(attendedBytes)} |`,
  );
  const goals = goalLines(rows);
  const body = `
Tokens per second ${isProcessorTime ? 'of processor time on one thread' : `with ${threads} threads`}, at the given depth in a context. ${DECODE_TOKENS} tokens are decoded in turns of ${TURN_TOKENS}, the first of each not counted. Then come the next ${PROMPT_TOKENS} tokens of a prompt. The table has medians of
${values.rounds} rounds. Ratios are relative to the faster of the two variants of libllama. *tiered* keeps everything. An eighth of its heads choose for every token and all heads for each sixteenth, which is included in the times. In a prompt each 16 tokens choose too.
*snapkv* chose once, after the context was read. The contexts repeat the same 512 tokens. The last column has the keys and values that a token attends; for libllama the size of its saved
context.

| depth | what | decode tokens/s | ratio | prompt tokens/s | ratio | MiB attended |
|---:|---|---:|---:|---:|---:|---:|
${table.join('\n')}
${
  goals.length === 0
    ? ''
    : `
Goals:

| depth | what | of | goal | measured | |
|---:|---|---|---:|---:|---|
${goals.join('\n')}
`
}`;
  process.stdout.write(`${body}\n`);
  if (values.write)
    await writeReport({
      name: 'long-context',
      title: 'Deep in a context',
      model: 'SmolLM2-135M-Instruct Q4_1',
      body,
      figures: { rows },
      command: `npx tsx test/bench/longContext.ts --depths ${values.depths} --rounds ${values.rounds}${isProcessorTime ? ' --threads 1' : ''} --write`,
    });
}
