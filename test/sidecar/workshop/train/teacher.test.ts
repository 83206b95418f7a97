import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { Teacher } from '../../../../sidecar/workshop/train/teacher.ts';
import { train } from '../../../../sidecar/workshop/train/training.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';

const TARGETS = 4;

describe('a teacher', () => {
  let folder: string;
  let options: TrainOptions;
  let teacherPath: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-teacher-'));
    options = await tinyTraining(folder);
    const schedule = { ...options.schedule, totalSteps: 40, peakRate: 0.03 };
    await train(named('student', { schedule: { ...schedule, totalSteps: 12 } }));
    // The student with an adapter, so that it can be equalled.
    const teacher = taught('teacher', { teacher: undefined, schedule });
    teacherPath = (await train(teacher)).outputPath as string;
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const named = (name: string, changes: Partial<TrainOptions> = {}): TrainOptions => ({
    ...options,
    checkpointFolder: path.join(folder, `${name}.checkpoints`),
    outputPath: path.join(folder, `${name}.gguf`),
    ...changes,
  });
  const taught = (name: string, changes: Partial<TrainOptions> = {}): TrainOptions =>
    named(name, {
      modelPath: path.join(folder, 'student.gguf'),
      scratch: undefined,
      adapter: { rank: 8, alpha: 16 },
      teacher: { modelPath: teacherPath, targets: TARGETS },
      ...changes,
    });

  it('tells its likeliest tokens, and the probability of all others', async () => {
    const tokens = Int32Array.from([5, 9, 40, 33, 7, 12, 61, 3]);
    const starts = [0, 3];
    using teacher = await Teacher.open({ modelPath: teacherPath, targets: TARGETS }, taught('unused'));
    const {
      tokens: chosen,
      shares,
      tails,
    } = await teacher.teach({
      tokens,
      weights: new Float32Array(7).fill(1),
      starts: new Set(starts),
    });
    using device = new Device('cpu', { threads: 1 });
    using network = await openNetwork(teacherPath, { placement: onOneDevice(device), capacityTokens: 32 });
    const { vocabularySize } = network.model.hyperparameters;
    for (const [document, start] of starts.entries()) {
      const logits = await network.logits([...tokens.subarray(start, starts[document + 1] ?? 7)], { chunkTokens: 8 });
      for (let row = 0; row * vocabularySize < logits.length; row++) {
        const own = [...logits.subarray(row * vocabularySize, (row + 1) * vocabularySize)];
        const total = own.reduce((sum, value) => sum + Math.exp(value), 0);
        const expected = own.map((value, token) => ({ token, share: Math.exp(value) / total }));
        expected.sort((a, b) => b.share - a.share);
        const place = (start + row) * TARGETS;
        assert.deepEqual(
          [...chosen.subarray(place, place + TARGETS)],
          expected.slice(0, TARGETS).map(({ token }) => token),
        );
        let rest = 1;
        for (const [index, { share }] of expected.slice(0, TARGETS).entries()) {
          assert.ok(Math.abs((shares[place + index] as number) - share) < 1e-4);
          rest -= share;
        }
        assert.ok(Math.abs((tails[start + row] as number) - rest) < 1e-4);
      }
    }
  });

  it('is imitated: the divergence falls, and a training that was stopped goes on exactly', async () => {
    const schedule = { ...options.schedule, peakRate: 0.03, totalSteps: 60 };
    const { losses } = await train(taught('whole', { schedule }));
    const [first, last] = [losses[0] as number, losses.at(-1) as number];
    assert.ok(last > 0 && last < 0.5 * first, `the divergence went from ${first} to ${last}`);
    const stopping = new AbortController();
    const stopped = taught('stopped', { schedule });
    await train(stopped, { signal: stopping.signal, onProgress: ({ step }) => step === 7 && stopping.abort() });
    assert.deepEqual((await train(stopped)).losses, losses);
  });

  it('has no divergence from itself', async () => {
    const { losses } = await train(
      taught('itself', { modelPath: teacherPath, schedule: { ...options.schedule, totalSteps: 1 } }),
    );
    assert.ok(Math.abs(losses[0] as number) < 1e-3, `the divergence is ${losses[0]}`);
  });

  it('is refused without an adapter', async () => {
    await assert.rejects(train(taught('refused', { adapter: undefined })), /--teacher needs --adapter/);
  });
});
