import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { stateBytes } from '../../../../../sidecar/models/architectures/architecture.ts';
import { RecurrentCache } from '../../../../../sidecar/models/chorus/cache/recurrentCache.ts';
import { checkpointLimit } from '../../../../../sidecar/models/chorus/cache/recurrentState.ts';
import { ChorusSequence } from '../../../../../sidecar/models/chorus/chorusSequence.ts';
import { openNetwork, type OpenedNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { NgramIndex } from '../../../../../sidecar/models/decoding/ngramIndex.ts';
import '../../../../reference/lavapipe.ts';
import { keepSteadyPace } from '../../../../reference/steadyPace.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const CAPACITY = 1_024;
const tokens = Array.from({ length: 700 }, (_, index) => (index * 7_919 + index * index + 13) % TINY_VOCABULARY);
const others = tokens.map((token) => (token + 1) % TINY_VOCABULARY);
const last = { wanted: 'last', isAnswer: false } as const;

for (const variant of ['granitehybrid', 'qwen35'])
  describe(`RecurrentCache of ${variant} on ${kind}`, () => {
    let folder: string;
    let device: Device;
    let opened: OpenedNetwork;
    let sequence: ChorusSequence;
    before(async () => {
      keepSteadyPace(mock);
      folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-recurrent-'));
      device = new Device(kind, { threads: 1 });
      const file = path.join(folder, `${variant}.gguf`);
      await writeTinyModel(file, { variant, type: 'F32', device });
      opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: CAPACITY });
      sequence = new ChorusSequence(new RecurrentCache(opened.network, opened.sequence), TINY_VOCABULARY);
    });
    after(async () => {
      mock.restoreAll();
      opened[Symbol.dispose]();
      device[Symbol.dispose]();
      await rm(folder, { recursive: true, force: true });
    });

    /** Evaluates pieces from an empty sequence, and returns the logits of the last token. */
    async function logitsOf(...pieces: readonly (readonly number[])[]): Promise<Float32Array> {
      await sequence.truncate(0);
      let logits: Float32Array = new Float32Array(0);
      for (const piece of pieces) logits = await sequence.forward(piece, last);
      return logits;
    }

    it('forgets all tokens if none is kept', async () => {
      const expected = await logitsOf(tokens.slice(0, 40));
      await logitsOf(others.slice(0, 300));
      assert.deepEqual(await logitsOf(tokens.slice(0, 40)), expected);
    });

    it('remembers tokens that it no longer sees in a window', async () => {
      const one = await logitsOf(tokens.slice(0, 300));
      const other = await logitsOf([...others.slice(0, 10), ...tokens.slice(10, 300)]);
      assert.notDeepEqual(one, other);
    });

    it('goes back to the last checkpoint in a prefix, and continues from there bit by bit', async () => {
      const expected = await logitsOf(tokens.slice(0, 256), others.slice(0, 50));
      await logitsOf(tokens.slice(0, 256), tokens.slice(256, 500), tokens.slice(500, 600));
      assert.equal(await sequence.truncate(480), 256);
      assert.deepEqual(await sequence.forward(others.slice(0, 50), last), expected);
    });

    it('goes back to the state before the last evaluation', async () => {
      const expected = await logitsOf(tokens.slice(0, 20), others.slice(0, 9));
      await logitsOf(tokens.slice(0, 20), tokens.slice(20, 30));
      assert.equal(await sequence.truncate(20), 20);
      assert.deepEqual(await sequence.forward(others.slice(0, 9), last), expected);
    });

    it('takes a checkpoint where it is told to', async () => {
      await logitsOf(tokens.slice(0, 100));
      await sequence.checkpoint();
      for (const token of tokens.slice(100, 110)) await sequence.forward([token], last);
      assert.equal(await sequence.truncate(105), 100);
    });

    it('takes a checkpoint where the last prompts parted', async () => {
      await logitsOf(tokens.slice(0, 256), tokens.slice(256, 450));
      assert.equal(await sequence.truncate(400), 256);
      const parted = await sequence.forward([...tokens.slice(256, 400), ...others.slice(0, 60)], last);
      assert.deepEqual(
        parted,
        await logitsOf(tokens.slice(0, 256), tokens.slice(256, 400), others.slice(0, 60)),
        'two evaluations give the same',
      );
      await logitsOf(tokens.slice(0, 256), tokens.slice(256, 450));
      await sequence.truncate(400);
      await sequence.forward([...tokens.slice(256, 400), ...others.slice(0, 60)], last);
      assert.equal(await sequence.truncate(402), 400);
    });

    it('keeps a bounded number of checkpoints', async () => {
      await logitsOf(tokens.slice(0, 10));
      for (const token of tokens.slice(10, 60)) {
        await sequence.forward([token], last);
        await sequence.checkpoint();
      }
      const kept = new Set<number>();
      for (let length = 58; length > 0; length--) {
        const reached = await sequence.truncate(length);
        if (reached > 0) kept.add(reached);
      }
      const limit = checkpointLimit(opened.model.hyperparameters);
      assert.ok(kept.size >= 2 && kept.size <= limit + 1, `${kept.size} of at most ${limit} checkpoints`);
      assert.ok(stateBytes(opened.model.hyperparameters) > 0);
    });

    it('is as before if an evaluation is interrupted', async () => {
      const expected = await logitsOf(tokens.slice(0, 256), others.slice(0, 50));
      await logitsOf(tokens.slice(0, 256), tokens.slice(256, 450));
      await sequence.truncate(400);
      // The second of two evaluations fails: the context has no room for it.
      const tooMany = [...tokens.slice(256, 400), ...Array.from({ length: CAPACITY }, () => 1)];
      await assert.rejects(sequence.forward(tooMany, last), { code: 'context-overflow' });
      assert.equal(sequence.length, 256);
      assert.deepEqual(await sequence.forward(others.slice(0, 50), last), expected);
      const aborted = AbortSignal.abort(new Error('enough'));
      if (!opened.network.isInterruptible) return;
      await assert.rejects(sequence.forward(tokens.slice(0, 300), { ...last, signal: aborted }), /enough/);
      assert.equal(sequence.length, 306);
    });

    it('generates the same tokens with drafts, right ones and wrong ones', async () => {
      const prompt = tokens.slice(0, 30);
      const plain = await answerTo(prompt, 60);
      // A text that continues as the answer does, apart from each fifth token.
      const wrong = [...prompt, ...plain].map((token, index) =>
        index % 5 === 4 ? (token + 7) % TINY_VOCABULARY : token,
      );
      const texts = new NgramIndex([[...prompt, ...plain], wrong]);
      const evaluations = mock.method(sequence, 'forward').mock;
      assert.deepEqual(await answerTo(prompt, 60, texts), plain);
      assert.ok(evaluations.callCount() < 60, `${evaluations.callCount()} evaluations for 60 tokens`);
      evaluations.resetCalls();
      assert.deepEqual(await answerTo(prompt, 60, new NgramIndex([wrong])), plain);
      // A draft with a wrong guess is evaluated again up to that guess, without asking for the logits of each token.
      const repeats = evaluations.calls.filter(
        ({ arguments: [given, options] }, index) => index > 0 && given.length > 1 && options.wanted === 'last',
      );
      assert.ok(repeats.length > 0, 'guesses were wrong');
      evaluations.restore();
    });

    async function answerTo(prompt: readonly number[], count: number, texts?: NgramIndex): Promise<number[]> {
      await sequence.truncate(0);
      const answer: number[] = [];
      for await (const token of sequence.decode(prompt, { sampling: { temperature: 0 }, texts })) {
        answer.push(token);
        if (answer.length === count) break;
      }
      return answer;
    }
  });
