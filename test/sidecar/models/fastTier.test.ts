import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { FastTier } from '../../../sidecar/models/chorus/fastTier.ts';
import { openNetwork } from '../../../sidecar/models/chorus/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/placement.ts';
import { SequenceCache } from '../../../sidecar/models/chorus/sequenceCache.ts';
import type { GgufEntry } from '../../../sidecar/models/gguf/writer.ts';
import { compareLogits } from '../../reference/compareLogits.ts';
import { plainLlamaLogits, type PlainLlamaSizes, type PlainWeights } from '../../reference/plainLlama.ts';
import { plainPages, type PlainLayer } from '../../reference/plainSelectors.ts';
import { readTensors } from '../../reference/readTensors.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const count = (value: number): GgufEntry => ({ type: 'u32', value });
const sizes: PlainLlamaSizes = { blockCount: 2, width: 64, heads: 4, kvHeads: 2, headSize: 16, epsilon: 1e-5, ropeBase: 10_000, vocabularySize: TINY_VOCABULARY };
const [PROMPT, QUERIES] = [150, 4];
const tier = { capacity: 32, pageRows: 8, window: 24, refreshTokens: 3, queries: QUERIES };
const tokens = Array.from({ length: PROMPT + 12 }, (_, index) => (index * 7_919 + index * index + 13) % TINY_VOCABULARY);

describe(`an answer that attends chosen pages on ${kind}`, () => {
  let folder: string;
  let file: string;
  let weights: PlainWeights;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-fast-tier-'));
    file = path.join(folder, 'model.gguf');
    using device = new Device(kind);
    await writeTinyModel(file, { variant: 'llama', type: 'F32', device, omit: ['.bias'], keys: { block_count: count(2), embedding_length: count(64), feed_forward_length: count(96), 'attention.head_count': count(4), 'attention.head_count_kv': count(2) } });
    weights = await readTensors(file);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Logits of the tokens behind the prompt, in plain loops: pages are chosen when a token has its queries, for itself and the next. */
  function expectedLogits(): Float32Array[] {
    const chosen: { at: number; windowStart: number; pages: Set<number>[][] }[] = [];
    const attends = ({ block, kvHead, position, other }: { block: number; kvHead: number; position: number; other: number }): boolean => {
      if (position < PROMPT) return true;
      const choice = chosen.findLast(({ at }) => at <= position);
      if (!choice || other >= choice.windowStart) return true;
      return choice.pages[block]?.[kvHead]?.has(Math.floor(other / tier.pageRows)) ?? false;
    };
    // What a layer chooses decides what the next one sees, so that each choice is made layer by layer.
    for (let at = PROMPT; at < tokens.length; at += tier.refreshTokens) {
      const windowStart = Math.floor((at - tier.window) / tier.pageRows) * tier.pageRows;
      const choice = { at, windowStart, pages: [] as Set<number>[][] };
      chosen.push(choice);
      const seen = tokens.slice(0, at + 1);
      for (let block = 0; block < sizes.blockCount; block++) {
        plainLlamaLogits(sizes, weights, seen, seen.map(() => 0), {
          attends,
          onAttention: (layer: PlainLayer, number) => {
            if (number !== block) return;
            const scores = plainPages(layer, windowStart / tier.pageRows, { pageRows: tier.pageRows, queries: QUERIES });
            choice.pages[block] = scores.map((ofPages) => new Set([...ofPages.keys()].sort((a, b) => (ofPages[b] as number) - (ofPages[a] as number)).slice(0, tier.capacity / tier.pageRows)));
          },
        });
      }
    }
    return plainLlamaLogits(sizes, weights, tokens, tokens.map(() => 0), { attends }).slice(PROMPT).map((row) => Float32Array.from(row));
  }

  it('gives the logits of plain loops, before and after tokens are taken back, and with drafts', async () => {
    using device = new Device(kind, { threads: 2 });
    using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 });
    const { network, model } = opened;
    using sequence = new SequenceCache(onOneDevice(device), model.hyperparameters, 256, { type: 'F32', queries: QUERIES });
    using fast = new FastTier(network, sequence, tier);
    assert.ok(fast.isWorthwhile(PROMPT));
    await network.evaluate(sequence, tokens.slice(0, 100), 'none');
    await network.evaluate(sequence, tokens.slice(100, PROMPT), 'none');
    const expected = expectedLogits();
    const answer = async (): Promise<Float32Array[]> => {
      const rows: Float32Array[] = [];
      for (const token of tokens.slice(PROMPT)) rows.push(Float32Array.from(await fast.evaluate([token], 'last')));
      return rows;
    };
    const first = await answer();
    sequence.truncate(PROMPT - 7);
    await network.evaluate(sequence, tokens.slice(PROMPT - 7, PROMPT), 'none');
    fast.restart();
    const second = await answer();
    // Two tokens at once where no choice is due, one of them wrong at first.
    sequence.truncate(PROMPT);
    fast.restart();
    const drafted: Float32Array[] = [];
    for (let length = PROMPT; length < tokens.length; ) {
      if (fast.tokensBeforeChoice(length) >= 2 && length + 1 < tokens.length) {
        await fast.evaluate([tokens[length] as number, (tokens[length + 1] as number) ^ 1], 'all');
        sequence.truncate(length);
        const two = await fast.evaluate(tokens.slice(length, length + 2), 'all');
        drafted.push(two.slice(0, TINY_VOCABULARY), two.slice(TINY_VOCABULARY));
        length += 2;
      } else drafted.push(Float32Array.from(await fast.evaluate([tokens[length++] as number], 'last')));
    }
    for (const rows of [first, second, drafted]) {
      const { normalisedSquaredError } = compareLogits(Float32Array.from(rows.flatMap((row) => [...row])), expected, TINY_VOCABULARY);
      // Bounds and the fast tier's rows are float16.
      assert.ok(normalisedSquaredError <= (kind === 'cpu' ? 1e-5 : 1e-3), `normalised squared error ${normalisedSquaredError}`);
    }
    network.forget(sequence);
  });
});
