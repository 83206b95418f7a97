import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { toFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import { defaultAdamW } from '../../../../kernels/training/optimiser/adamWOptions.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import type { TrainMessage } from '../../../../sidecar/workshop/train/messages.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { train } from '../../../../sidecar/workshop/train/training.ts';
import { TINY_VOCABULARY } from '../../../reference/tinyModels.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';
import { errorOfTrainedLogits, TRAINED_LOGITS_TOLERANCE } from '../../../reference/trainedLogits.ts';
import { startTrainingChild } from '../../../reference/trainingChild.ts';

describe('training', () => {
  let folder: string;
  let options: TrainOptions;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-train-'));
    options = await tinyTraining(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const named = (name: string): TrainOptions => ({
    ...options,
    checkpointFolder: path.join(folder, name),
    outputPath: path.join(folder, `${name}.gguf`),
  });

  for (const precision of ['f32', 'bf16', 'q8', 'q5', 'q4'] as const) {
    it(`learns from random weights in ${precision}: the loss falls, and the file has the same outputs`, async () => {
      const wanted = { ...named(`learns-${precision}`), precision, schedule: { ...options.schedule, totalSteps: 60 } };
      const { losses, outputPath, plotPath } = await train(wanted);
      assert.ok(
        Math.abs((losses[0] as number) - Math.log(TINY_VOCABULARY)) < 0.2,
        `the first loss is ${losses[0]}, expected that of a guess, ${Math.log(TINY_VOCABULARY)}`,
      );
      assert.ok((losses.at(-1) as number) < 0.5 * (losses[0] as number), `the last loss is ${losses.at(-1)}`);
      assert.match(await readFile(plotPath as string, 'utf8'), /^<svg [\s\S]*<polyline[\s\S]*<\/svg>\n$/);

      const error = await errorOfTrainedLogits(outputPath as string);
      assert.ok(error < TRAINED_LOGITS_TOLERANCE, `normalised squared error ${error}`);
    });
  }

  it('resumes after a kill with the losses of an uninterrupted training', async () => {
    const { losses } = await train(named('whole'));
    const wanted = named('killed');
    const child = startTrainingChild();
    const reached = await new Promise<number>((resolve, reject) => {
      child.on('message', (message: TrainMessage) => {
        if (message.kind === 'progress' && message.progress.step === 6) resolve(message.progress.step);
        if (message.kind === 'trouble') reject(new Error(message.message));
      });
      child.send({ kind: 'start', options: wanted });
    });
    assert.equal(reached, 6);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    // The remains of a kill during a checkpoint.
    await mkdir(path.join(wanted.checkpointFolder, '.step-00000008.part'), { recursive: true });
    await writeFile(path.join(wanted.checkpointFolder, '.step-00000008.part', 'tensors.f32'), 'half');
    const resumedFrom: number[] = [];
    const resumed = await train(wanted, { onProgress: ({ step }) => resumedFrom.push(step) });
    assert.ok((resumedFrom[0] as number) > 4, `it began again at step ${resumedFrom[0]}`);
    assert.deepEqual(resumed.losses, losses);
    assert.deepEqual((await readdir(wanted.checkpointFolder)).sort(), ['step-00000008', 'step-00000012']);
  });

  it('ignores its own files among the data, so that it can resume', async () => {
    const among = path.join(folder, 'among');
    await cp(options.dataPaths[0] as string, among, { recursive: true });
    const link = path.join(folder, 'by-another-way');
    await symlink(among, link, 'junction');
    const wanted = {
      ...options,
      dataPaths: [among],
      outputPath: path.join(link, 'own.gguf'),
      checkpointFolder: path.join(link, 'checkpoints'),
    };
    const steps = async (
      totalSteps: number,
    ): Promise<{ readonly texts: string | undefined; readonly steps: readonly number[] }> => {
      const done: number[] = [];
      const notes: string[] = [];
      await train(
        { ...wanted, schedule: { ...options.schedule, totalSteps } },
        { onProgress: ({ step }) => done.push(step), onNote: (line) => notes.push(line) },
      );
      return { texts: notes[0], steps: done };
    };
    const first = await steps(2);
    assert.match(first.texts ?? '', /^6 texts, 0\.0 MB$/);
    assert.deepEqual(first.steps, [1, 2]);
    assert.deepEqual(await steps(4), { texts: first.texts, steps: [3, 4] });
  });

  for (const threads of [1, 2]) {
    it(`resumes exactly with dropout, Muon, single-gain norms and outlier loss, ${threads} in parallel`, async () => {
      const change = {
        dropout: 0.2,
        singleScaleNorm: true,
        outlierLoss: 0.01,
        optimiser: { ...defaultAdamW, muonMomentum: 0.95 },
        threads,
      };
      const whole = await train({ ...named(`switches-${threads}`), ...change });
      const stopping = new AbortController();
      const wanted = { ...named(`switches-stopped-${threads}`), ...change };
      await train(wanted, { signal: stopping.signal, onProgress: ({ step }) => step === 5 && stopping.abort() });
      assert.deepEqual((await train(wanted)).losses, whole.losses);
      assert.ok((whole.losses.at(-1) as number) < (whole.losses[0] as number));
      const { type, bytes } = await tensorBytes(whole.outputPath as string, 'blk.1.ffn_norm.weight');
      const gains = toFloat32(type as TensorType, bytes);
      assert.equal(gains.length, 32);
      assert.ok(gains.every((gain) => gain === gains[0] && gain !== 1));
    });
  }

  it('resumes from checkpoints that lack newer options', async () => {
    const [before, after] = [
      named('whole'),
      {
        ...named('whole'),
        dropout: 0,
        singleScaleNorm: false,
        outlierLoss: 0,
        optimiser: { ...defaultAdamW, muonMomentum: undefined },
      },
    ];
    assert.deepEqual((await train(after)).losses, (await train(before)).losses);
    await assert.rejects(train({ ...after, dropout: 0.1 }), /another model, data or options/);
  });

  it('refuses a checkpoint of another model, except one without a model digest', async () => {
    const wanted: TrainOptions = {
      ...named('origin'),
      scratch: undefined,
      schedule: { ...options.schedule, totalSteps: 2 },
    };
    const { losses } = await train(wanted);
    const other = { ...wanted, modelPath: path.join(folder, 'other.gguf') };
    const bytes = await readFile(options.modelPath);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100);
    await writeFile(other.modelPath, bytes);
    await assert.rejects(
      train(other),
      (error: Error) => error instanceof TroubleError && /another model, data or options/.test(error.message),
    );

    const stateFile = path.join(wanted.checkpointFolder, 'step-00000002', 'state.json');
    const { origin, ...before } = JSON.parse(await readFile(stateFile, 'utf8')) as { origin: string };
    assert.match(origin, /^[0-9a-f]{64}$/);
    await writeFile(stateFile, JSON.stringify(before));
    assert.deepEqual((await train(other)).losses, losses);
  });

  it('refuses fewer steps than were done, and keeps checkpoints if --restart is refused', async () => {
    const wanted = named('fewer');
    await train(wanted);
    const fewer = { ...wanted, schedule: { ...options.schedule, totalSteps: 8 } };
    await assert.rejects(
      train(fewer),
      (error: Error) =>
        error instanceof TroubleError &&
        /is of step 12, beyond --steps 8\. Choose --steps 12 or more, another --name, or --restart/.test(error.message),
    );
    await assert.rejects(train({ ...fewer, resume: false, freeze: ['norm'] }), /can't be frozen/);
    assert.deepEqual((await readdir(wanted.checkpointFolder)).sort(), ['step-00000008', 'step-00000012']);
    await train({ ...fewer, resume: false });
    assert.deepEqual((await readdir(wanted.checkpointFolder)).sort(), ['step-00000004', 'step-00000008']);
  });

  it('ends after the current step when it is stopped, and resumes from there', async () => {
    const wanted = named('stopped');
    const stopping = new AbortController();
    const first = await train(wanted, {
      signal: stopping.signal,
      onProgress: ({ step }) => step === 5 && stopping.abort(),
    });
    assert.deepEqual({ step: first.step, outputPath: first.outputPath }, { step: 5, outputPath: undefined });
    const { losses } = await train(wanted);
    assert.deepEqual(losses.slice(0, 5), first.losses);
    assert.deepEqual(losses, (await train(named('whole'))).losses);
  });

  it('trains a file further, and keeps frozen tensors byte by byte', async () => {
    const wanted: TrainOptions = {
      ...named('frozen'),
      scratch: undefined,
      freeze: ['^blk\\.[0-2]\\.', 'token_embd', '^output'],
      schedule: { ...options.schedule, totalSteps: 3, peakRate: 1e-3 },
    };
    const { losses, outputPath } = await train(wanted);
    assert.ok(losses.every(Number.isFinite));
    for (const name of ['blk.1.ffn_up.weight', 'token_embd.weight', 'blk.0.attn_norm.weight'])
      assert.deepEqual(await tensorBytes(outputPath as string, name), await tensorBytes(options.modelPath, name));
    const trained = 'blk.3.ffn_up.weight';
    const before = toFloat32('Q8_0', (await tensorBytes(options.modelPath, trained)).bytes);
    const { type, bytes } = await tensorBytes(outputPath as string, trained);
    const largestChange = toFloat32(type as TensorType, bytes).reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (before[index] as number))),
      0,
    );
    assert.equal(type, 'F32');
    assert.ok(largestChange > 0 && largestChange < 0.01, `the largest change is ${largestChange}`);
  });

  it('stops at a NaN loss, and keeps the checkpoint before it', async () => {
    const wanted: TrainOptions = {
      ...named('diverges'),
      checkpointSteps: 1,
      optimiser: { ...defaultAdamW, clipNorm: Infinity },
      schedule: { ...options.schedule, kind: 'wsd', peakRate: 1e20, warmUpSteps: 0 },
    };
    await assert.rejects(
      train(wanted),
      (error: Error) =>
        error instanceof TroubleError &&
        /The training diverged: .*(NaN|Infinity).* The checkpoint of step \d+ is intact.*--rate/.test(error.message),
    );
    const [last] = (await readdir(wanted.checkpointFolder)).sort().reverse();
    const bytes = await readFile(path.join(wanted.checkpointFolder, last as string, 'tensors.f32'));
    assert.ok(bytes.length > 0);
  });

  const refusals: readonly {
    readonly name: string;
    readonly change: (given: TrainOptions) => TrainOptions;
    readonly says: RegExp;
  }[] = [
    {
      name: 'a path that does not exist',
      change: (given) => ({ ...given, dataPaths: [path.join(folder, 'nowhere')] }),
      says: /nowhere can't be read/,
    },
    {
      name: 'data without text',
      change: (given) => ({ ...given, dataPaths: [given.modelPath] }),
      says: /no text to train on .* 1 (binary|too large)/,
    },
    {
      name: 'a mark that is not a token',
      change: (given) => ({ ...given, fimSuffixMark: '<|suffix|>' }),
      says: /no special token <\|suffix\|>/,
    },
    {
      name: 'sizes that do not fit',
      change: (given) => ({ ...given, scratch: { width: 30, blocks: 1, heads: 4, kvHeads: 2, feedForwardWidth: 64 } }),
      says: /width of 30 can't be divided into 4 heads/,
    },
    {
      name: 'batches that do not divide',
      change: (given) => ({ ...given, microSequences: 3 }),
      says: /A step of 4 sequences can't be divided into batches of 3/,
    },
    {
      name: 'nothing to train',
      change: (given) => ({ ...given, scratch: undefined, freeze: ['.'] }),
      says: /all \d+ tensors are frozen/i,
    },
    {
      name: 'checkpoints of another training',
      change: (given) => ({ ...given, checkpointFolder: path.join(folder, 'whole'), seed: 2 }),
      says: /another model, data or options/,
    },
  ];
  for (const { name, change, says } of refusals) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(
        train(change(named('refused'))),
        (error: Error) => error instanceof TroubleError && says.test(error.message),
      );
    });
  }

  it('refuses a damaged checkpoint by name', async () => {
    const wanted = named('damaged');
    await train({ ...wanted, schedule: { ...options.schedule, totalSteps: 4 } });
    await truncate(path.join(wanted.checkpointFolder, 'step-00000004', 'tensors.f32'), 100);
    await assert.rejects(
      train(wanted),
      (error: Error) =>
        error instanceof TroubleError && /step-00000004 is damaged: tensors.f32 has 100 bytes/.test(error.message),
    );
  });
});

async function tensorBytes(file: string, name: string): Promise<{ type: string; bytes: Buffer }> {
  const { tensors, dataOffsetBytes } = await readGgufHeader(file);
  const tensor = tensors.find((candidate) => candidate.name === name);
  assert.ok(tensor);
  const start = dataOffsetBytes + tensor.offsetBytes;
  return { type: tensor.type, bytes: (await readFile(file)).subarray(start, start + tensor.sizeBytes) };
}
