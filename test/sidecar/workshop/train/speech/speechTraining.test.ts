import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../../kernels/ggml/device.ts';
import { DeviceMemory } from '../../../../../kernels/ggml/graphMemory.ts';
import { write } from '../../../../../kernels/ggml/transfer.ts';
import { Parameters } from '../../../../../kernels/training/optimiser/parameters.ts';
import { TroubleError } from '../../../../../sidecar/common/troubleError.ts';
import { logProbability } from '../../../../../sidecar/models/decoding/logSumExp.ts';
import { SpeechTransformerNetwork } from '../../../../../sidecar/speech/speechTransformerNetwork.ts';
import { parameterSpec } from '../../../../../sidecar/workshop/train/parameterSpecs.ts';
import { readValues } from '../../../../../sidecar/workshop/train/tensorValues.ts';
import { speechTransformerWeights } from '../../../../../sidecar/speech/architectures/speechTransformer.ts';
import { ActivationRanges } from '../../../../../sidecar/workshop/train/speech/activationRanges.ts';
import { SpeechBatches } from '../../../../../sidecar/workshop/train/speech/speechBatches.ts';
import { readSpeechCorpus, type SpeechCorpus } from '../../../../../sidecar/workshop/train/speech/speechCorpus.ts';
import { SpeechTrainingNetwork } from '../../../../../sidecar/workshop/train/speech/speechNetwork.ts';
import { SpeechNetworks } from '../../../../../sidecar/workshop/train/speech/speechNetworks.ts';
import type { SpeechTrainOptions } from '../../../../../sidecar/workshop/train/speech/speechOptions.ts';
import { trainSpeech } from '../../../../../sidecar/workshop/train/speech/speechTraining.ts';
import { tinySpeechTraining } from '../../../../reference/tinySpeech.ts';

describe('training of a Speech-Transformer', () => {
  let folder: string;
  let options: SpeechTrainOptions;
  let corpus: SpeechCorpus;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-train-speech-'));
    options = await tinySpeechTraining(folder);
    corpus = await readSpeechCorpus(options.dataPaths, options.speech.melBands);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const named = (name: string, changes: Partial<SpeechTrainOptions> = {}): SpeechTrainOptions => ({
    ...options,
    checkpointFolder: path.join(folder, name),
    outputPath: path.join(folder, `${name}.gguf`),
    ...changes,
  });
  const steps = (totalSteps: number): Pick<SpeechTrainOptions, 'schedule'> => ({
    schedule: { ...options.schedule, totalSteps },
  });

  for (const positions of ['convolutional', 'sinusoidal'] as const) {
    for (const bits of ['float', 'trained'] as const) {
      it(`writes a file with the same outputs: ${positions} positions, ${bits === 'float' ? 'float32' : '8 bits'}`, async () => {
        const { losses, outputPath } = await trainSpeech(
          named(`${positions}-${bits}`, { positions, bits, eightBitSteps: 4, ...steps(24) }),
        );
        assert.ok(
          (losses.at(-1) as number) < 0.9 * (losses[0] as number),
          `the losses go from ${losses[0]} to ${losses.at(-1)}`,
        );
        const [trained, heard] = [await trainingLoss(outputPath as string, bits), await fileLoss(outputPath as string)];
        // In 8 bits, ggml rounds the blocks of products once more.
        assert.ok(
          Math.abs(trained - heard) < (bits === 'float' ? 1e-4 : 0.02),
          `a loss of ${heard} in use, ${trained} in training`,
        );
      });
    }
  }

  it('resumes exactly, also in 8 bits and with SpecAugment', async () => {
    const changes = { bits: 'trained', eightBitSteps: 6, specAugment: true, ...steps(12) } as const;
    const whole = await trainSpeech(named('whole', changes));
    const stopping = new AbortController();
    const first = await trainSpeech(named('stopped', changes), {
      signal: stopping.signal,
      onProgress: ({ step }) => step === 8 && stopping.abort(),
    });
    assert.deepEqual({ step: first.step, outputPath: first.outputPath }, { step: 8, outputPath: undefined });
    const second = await trainSpeech(named('stopped', changes));
    assert.deepEqual(second.losses, whole.losses);
    assert.deepEqual(await readFile(second.outputPath as string), await readFile(whole.outputPath as string));
  });

  it('writes the same weights in 8 bits with calibrated ranges', async () => {
    const float = await trainSpeech(named('calibrated', { outputPath: path.join(folder, 'float.gguf') }));
    const calibrated = await trainSpeech(named('calibrated', { bits: 'calibrated' }));
    assert.deepEqual(calibrated.losses, float.losses);
    const [floatBytes, eightBitBytes] = (await Promise.all(
      [float, calibrated].map(async ({ outputPath }) => (await stat(outputPath as string)).size),
    )) as [number, number];
    assert.ok(eightBitBytes < 0.5 * floatBytes, `${eightBitBytes} bytes, in float32 ${floatBytes}`);
    const difference = Math.abs(
      (await fileLoss(calibrated.outputPath as string)) - (await fileLoss(float.outputPath as string)),
    );
    assert.ok(difference > 0 && difference < 0.1, `the loss differs by ${difference}`);
  });

  it('says how many steps 8 bits need if too few are left', async () => {
    await trainSpeech(named('too-late', steps(4)));
    for (const totalSteps of [4, 6]) {
      const trained = named('too-late', { bits: 'trained', eightBitSteps: 3, ...steps(totalSteps) });
      await assert.rejects(
        trainSpeech(trained),
        (error: Error) =>
          error instanceof TroubleError &&
          error.code === 'invalid-input' &&
          /step 4 was trained only in float32.*Expected --steps 7 or more, got \d\./.test(error.message),
      );
    }
    const { losses } = await trainSpeech(named('too-late', { bits: 'trained', eightBitSteps: 3, ...steps(7) }));
    assert.equal(losses.length, 7);
  });

  it('takes no more memory for several lengths than for the longest', () => {
    using device = new Device('cpu', { threads: 1 });
    const hyperparameters = { ...options.speech, vocabularySize: 8, positions: options.positions };
    using parameters = new Parameters(
      device,
      speechTransformerWeights(hyperparameters).map((spec) => parameterSpec(spec, { tiedOutput: false })),
      'F32',
    );
    const memoryOf = (lengths: readonly number[]): number => {
      using networks = new SpeechNetworks({ hyperparameters, parameters, utterances: 2, tokens: 5, start: 0, end: 1 });
      for (const frames of lengths) networks.obtain(frames, 'none');
      return networks.computeBytes;
    };
    assert.equal(memoryOf([64, 256, 128, 192, 64]), memoryOf([256]));
  });

  it('describes invalid sizes and data', async () => {
    const rejects = (changes: Partial<SpeechTrainOptions>, message: RegExp): Promise<void> =>
      assert.rejects(
        trainSpeech(named('wrong', changes)),
        (error: Error) => error instanceof TroubleError && message.test(error.message),
      );
    await rejects({ speech: { ...options.speech, width: 40 } }, /the width is 40, expected a multiple of 32/);
    await rejects({ speech: { ...options.speech, heads: 3 } }, /a width of 32 can't be shared by 3 heads/);
    await rejects({ dataPaths: [path.join(folder, 'none.jsonl')] }, /none\.jsonl can't be read/);
    const broken = path.join(folder, 'broken.jsonl');
    await writeFile(broken, `${JSON.stringify({ audio_filepath: 'sounds/0.wav', text: 'a' })}\n{"text": 3}\n`);
    await rejects({ dataPaths: [broken] }, /broken\.jsonl, line 2: expected .*got \{"text": 3\}/);
    await writeFile(broken, '');
    await rejects({ dataPaths: [broken] }, /There is no utterance in/);
  });

  it('resumes from no checkpoint of other data or sizes', async () => {
    await trainSpeech(named('other', steps(4)));
    await assert.rejects(trainSpeech(named('other', { ...steps(8), seed: 2 })), /another model, data or options/);
  });

  /** The mean loss of the first batch, by the training network with the weights of a file. */
  async function trainingLoss(file: string, bits: 'float' | 'trained'): Promise<number> {
    using device = new Device('cpu', { threads: 1 });
    using opened = await SpeechTransformerNetwork.open(file, device, { capacityRows: 64, mostFrames: 400 });
    const { hyperparameters, vocabulary, ranges, tensors } = opened.file;
    using parameters = new Parameters(
      device,
      speechTransformerWeights(hyperparameters).map((spec) => parameterSpec(spec, { tiedOutput: false })),
      'F32',
    );
    for (const { spec, master } of parameters.all) write(device, master, await readValues(tensors.get(spec.name)!));
    const batches = new SpeechBatches(corpus.utterances, vocabulary, { ...options, bands: hyperparameters.melBands });
    const batch = batches.batch(1);
    using network = new SpeechTrainingNetwork({
      hyperparameters,
      parameters,
      utterances: options.batchUtterances,
      frames: batch.frames,
      tokens: batches.longestText,
      rounding: bits === 'float' ? 'none' : 'eight-bit',
      start: vocabulary.start,
      end: vocabulary.end,
    });
    using memory = new DeviceMemory(device);
    network.graph.allocate(memory);
    return await network.accumulate(batch, new ActivationRanges(ranges));
  }

  /** The same loss by the network that runs the file, token by token. */
  async function fileLoss(file: string): Promise<number> {
    using device = new Device('cpu', { threads: 1 });
    using network = await SpeechTransformerNetwork.open(file, device, { capacityRows: 64, mostFrames: 400 });
    const { hyperparameters, vocabulary } = network.file;
    const bands = hyperparameters.melBands;
    const { mel, frames, positions, targets } = new SpeechBatches(corpus.utterances, vocabulary, {
      ...options,
      bands,
    }).batch(1);
    let [sum, count] = [0, 0];
    for (const [index, target] of targets.entries()) {
      const utterance = corpus.utterances.find(
        ({ mel: values, frames: length }) =>
          Math.ceil(length / 4) === positions[index] &&
          values.every((value, at) => value === mel[index * bands * frames + at]),
      );
      await network.encode(utterance?.mel ?? assert.fail('the batch holds an utterance of the corpus'));
      let history: number[] = [];
      [vocabulary.start, ...target.slice(0, -1)].forEach((token, row) => {
        const [logits] = network.decode([{ token, position: row, row, history }], [0]) as [Float32Array];
        sum -= logProbability(logits, target[row] as number);
        count++;
        history = [...history, row];
      });
    }
    return sum / count;
  }
});
