import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { developerCacheFolder, fetchModel } from '../../../../../.scripts/fetchModel.ts';
import table from '../../../../../.scripts/fetchableModels.json' with { type: 'json' };
import { Device } from '../../../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../../../sidecar/engine/localEngine.ts';
import { parseCacheChoice } from '../../../../../sidecar/models/chorus/cache/cacheChoice.ts';
import type { CacheLayout } from '../../../../../sidecar/models/chorus/cache/cacheLayout.ts';
import { openNetwork, type OpenedNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { LayerMajorPrefill } from '../../../../../sidecar/models/chorus/selection/layerMajor.ts';
import { LibLlama } from '../../../../../sidecar/models/llamaCpp/libLlama.ts';
import type { LoadParams } from '../../../../../sidecar/protocol/engine.ts';
import { compareLogits, flatRows, type LogitComparison } from '../../../../reference/compareLogits.ts';

const MODEL = 'gemma-3-270m';
const CHUNK_TOKENS = 128;
/** One chunk more than the window of 512 tokens, so that the window counts. */
const [TOKENS, LAST] = [640, 512];
const [CONTEXT_TOKENS, ANSWER_TOKENS] = [1_024, 16];
/** A cache that keeps some rows of a prompt. */
const [KEPT, KEPT_ROWS] = ['snapkv:128,window=32', 128];
/** The layers that attend everything. */
const FULL_LAYERS = [5, 11, 17];
/**
 * How much further from libllama without flash attention our logits may be than those of libllama with it. Roundings of
 * such a small model in four bits differ by chance.
 */
const MARGIN = 1.5;

const modelPath = path.join(developerCacheFolder(), 'models', table[MODEL].files[0]?.name as string);
const isFetched = (await stat(modelPath).catch(() => undefined)) !== undefined;

describe(
  'Gemma 3 270M on our graphs against libllama',
  // Google's terms apply to the file, so a developer decides whether to fetch it.
  { skip: !isFetched && `not fetched: npx tsx .scripts/fetchModel.ts ${MODEL}` },
  () => {
    let engine: LocalEngine;
    let tokens: readonly number[];

    before(async () => {
      await fetchModel(MODEL);
      engine = new LocalEngine({ log: () => undefined });
      await load({});
      const licence = await readFile(new URL('../../../../../LICENSE', import.meta.url), 'utf8');
      tokens = (await engine.tokenize(licence)).slice(0, TOKENS);
      assert.equal(tokens.length, TOKENS);
      await engine.unload();
    });
    after(() => engine.dispose());

    it(`gives the same logits over ${TOKENS} tokens of real text`, async () => {
      using device = new Device('cpu', { threads: 2 });
      // Row by row both attend by flash attention, and round alike.
      using ours = await open(device, 'rows');
      using peer = openPeer(true);
      for (let past = 0; past < TOKENS; past += CHUNK_TOKENS) {
        const chunk = tokens.slice(past, past + CHUNK_TOKENS);
        const { meanDivergence, argmaxDisagreements } = compared(
          await ours.network.evaluate(ours.sequence, chunk, 'all'),
          peer.decode(chunk, past, { all: true }),
        );
        assert.ok(meanDivergence <= 1e-3, `tokens from ${past} on: mean divergence ${meanDivergence}`);
        assert.deepEqual(argmaxDisagreements, [], `tokens from ${past} on`);
      }
    });

    it('with transposed values is about as near to libllama without flash attention as libllama with it', async () => {
      using device = new Device('cpu', { threads: 2 });
      using ours = await open(device, 'transposed');
      using peer = openPeer(false);
      using peerByFlash = openPeer(true);
      const chunks = Array.from({ length: LAST / CHUNK_TOKENS }, (_, index) => index * CHUNK_TOKENS);
      for (const past of chunks) {
        const chunk = tokens.slice(past, past + CHUNK_TOKENS);
        await ours.network.evaluate(ours.sequence, chunk, 'none');
        for (const libllama of [peer, peerByFlash]) libllama.decode(chunk, past, { read: false });
      }
      const chunk = tokens.slice(LAST);
      const expected = peer.decode(chunk, LAST, { all: true });
      const own = compared(await ours.network.evaluate(ours.sequence, chunk, 'all'), expected);
      const theirs = compared(flatRows(peerByFlash.decode(chunk, LAST, { all: true })), expected);
      assert.ok(
        own.meanDivergence <= MARGIN * theirs.meanDivergence,
        `mean divergence ${own.meanDivergence}, that of flash attention ${theirs.meanDivergence}`,
      );
    });

    it('answers alike with every cache that attends all of a prompt', async () => {
      const prompt = tokens.slice(0, 600);
      const answers: (readonly number[])[] = [];
      // Layers with a window can't attend chosen pages, so such a model attends everything.
      for (const cache of ['full', 'snapkv:1024', 'tiered:256,page=8,window=64']) {
        await load({ cache });
        answers.push(await answer(prompt));
      }
      await engine.unload();
      assert.equal(answers[0]?.length, ANSWER_TOKENS);
      for (const other of answers.slice(1)) assert.deepEqual(other, answers[0]);
    });

    it(`reads a prompt of which ${KEPT} keeps some rows, with the logits of reading it whole`, async () => {
      using device = new Device('cpu', { threads: 2 });
      using ours = await open(device, 'rows');
      using peer = openPeer(true);
      const target = { sequence: ours.sequence, selection: { ...parseCacheChoice(KEPT), tellsRows: true } };
      using prefill = new LayerMajorPrefill(ours.network.options, [{ tokens, targets: [target] }], {
        chunkTokens: CHUNK_TOKENS,
      });
      await prefill.run();
      const { meanDivergence, argmaxDisagreements } = compared(
        prefill.logits[0] as Float32Array,
        peer.decode(tokens, 0),
      );
      assert.ok(meanDivergence <= 1e-3, `mean divergence ${meanDivergence}`);
      assert.deepEqual(argmaxDisagreements, []);
      assert.deepEqual([ours.sequence.length, ours.sequence.rows], [TOKENS, KEPT_ROWS]);
      const [layers = []] = prefill.kept;
      const chosen = layers.flatMap(([rows = []], layer) => (rows[0] === TOKENS - KEPT_ROWS ? [] : [layer]));
      assert.deepEqual(chosen, FULL_LAYERS, 'layers with a window keep the last rows');
    });

    async function load(changes: Partial<LoadParams>): Promise<void> {
      const plain = { engine: 'chorus', device: 'cpu', threads: 2, contextSizeTokens: CONTEXT_TOKENS } as const;
      await engine.load({ modelPath, ...plain, ...changes });
    }

    async function answer(prompt: readonly number[]): Promise<readonly number[]> {
      const { tokens: given } = await engine.generate({
        sequence: 'completion',
        priority: 'completion',
        tokens: prompt,
        maxTokens: ANSWER_TOKENS,
        sampling: { temperature: 0 },
      });
      return given;
    }
  },
);

function open(device: Device, layout: CacheLayout): Promise<OpenedNetwork> {
  return openNetwork(modelPath, { placement: onOneDevice(device), capacityTokens: CONTEXT_TOKENS, layout });
}

function openPeer(flashAttention: boolean): LibLlama {
  return new LibLlama(modelPath, { contextSizeTokens: CONTEXT_TOKENS, threads: 2, flashAttention, quiet: true });
}

function compared(actual: Float32Array, expected: readonly Float32Array[]): LogitComparison {
  return compareLogits(actual, expected, expected[0]?.length ?? 0);
}
