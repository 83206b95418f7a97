import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { uniformNumbers } from '../../../sidecar/models/decoding/random.ts';
import { detectLanguage } from '../../../sidecar/speech/decodeWindow.ts';
import { FRAME_REACH_SAMPLES } from '../../../sidecar/speech/logMel.ts';
import { openSpeechModel } from '../../../sidecar/speech/speechModel.ts';
import { readWhisperFile } from '../../../sidecar/speech/whisperFile.ts';
import type { DecoderToken } from '../../../sidecar/speech/speechDecoder.ts';
import { SpeechTokens } from '../../../sidecar/speech/speechTokens.ts';
import { WhisperNetwork } from '../../../sidecar/speech/whisperNetwork.ts';
import { WhisperTranscriber } from '../../../sidecar/speech/whisperTranscriber.ts';
import { plainDecode, plainEncode } from '../../reference/plainWhisper.ts';
import { TINY, TINY_MULTILINGUAL, tinyWeights, tinyWhisperBytes } from '../../reference/whisperBytes.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-whisper-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, 'ggml-tiny.bin');
  await writeFile(file, bytes);
  return file;
}

function assertNear(actual: Float32Array, expected: readonly Float64Array[]): void {
  const values = expected.flatMap((row) => [...row]);
  assert.equal(actual.length, values.length);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  actual.forEach((value, index) =>
    assert.ok(
      Math.abs(value - (values[index] as number)) <= 2e-3 * largest,
      `${index}: ${value}, expected ${values[index]}`,
    ),
  );
}

describe(`Whisper's graphs on ${kind}`, () => {
  const weights = tinyWeights();
  const random = uniformNumbers(7);
  const frames = 2 * TINY.audioContext;
  const mel = Float32Array.from({ length: frames * TINY.melBands }, () => 2 * random() - 1);
  const melRows = (count: number): readonly Float64Array[] =>
    Array.from({ length: count }, (_, frame) =>
      Float64Array.from(mel.subarray(frame * TINY.melBands, (frame + 1) * TINY.melBands)),
    );

  async function withNetwork(work: (network: WhisperNetwork) => Promise<void>): Promise<void> {
    using device = new Device(kind, { threads: 1 });
    using model = await openSpeechModel(await fileOf(tinyWhisperBytes(weights)), device);
    using network = new WhisperNetwork(model, 300);
    await work(network);
  }

  it('run with a spectrogram from the processor', async () => {
    using device = new Device(kind, { threads: 1 });
    using transcriber = new WhisperTranscriber(await openSpeechModel(await fileOf(tinyWhisperBytes(weights)), device));
    const silence = new Float32Array(transcriber.windowSamples + 2 * FRAME_REACH_SAMPLES);
    assert.deepEqual(
      (await transcriber.transcribeWindow(silence, transcriber.windowSamples, { language: 'en', previous: [] }))
        .segments,
      [],
    );
  });

  it('encode like plain loops, for whole and shorter windows', async () => {
    await withNetwork(async (network) => {
      for (const count of [frames, frames - 8]) {
        await network.encode(mel.subarray(0, count * TINY.melBands));
        assertNear(network.encoded(count), plainEncode(weights, TINY, melRows(count)));
      }
    });
  });

  it('decode like plain loops: a prompt at once, then single tokens, in any cache rows', async () => {
    const tokens = [50_257, 11, 42, 7];
    await withNetwork(async (network) => {
      await network.encode(mel);
      const expected = plainDecode(weights, TINY, plainEncode(weights, TINY, melRows(frames)), tokens);
      const rows = [0, 1, 270, 5];
      const token = (position: number): DecoderToken => ({
        token: tokens[position] as number,
        position,
        row: rows[position] as number,
        history: rows.slice(0, position),
      });
      const prompt = network.decode([token(0), token(1)], [0, 1]);
      const steps = [...prompt, ...network.decode([token(2)], [0]), ...network.decode([token(3)], [0])];
      steps.forEach((logits, position) => assertNear(logits, [expected[position] as Float64Array]));
    });
  });

  it('decode two continuations in a batch like each alone', async () => {
    await withNetwork(async (network) => {
      await network.encode(mel);
      const encoded = plainEncode(weights, TINY, melRows(frames));
      network.decode([{ token: 50_257, position: 0, row: 0, history: [] }], [0]);
      const both = network.decode(
        [3, 9].map((token, index) => ({ token, position: 1, row: 1 + index, history: [0] })),
        [0, 1],
      );
      [3, 9].forEach((token, index) =>
        assertNear(both[index] as Float32Array, [
          plainDecode(weights, TINY, encoded, [50_257, token])[1] as Float64Array,
        ]),
      );
    });
  });

  it('detect the language by the likeliest language token', async () => {
    const tokens = new SpeechTokens({ hyperparameters: { ...TINY, vocabularySize: 51_865 }, vocabulary: [] });
    await withNetwork(async (network) => {
      await network.encode(mel);
      const [logits] = plainDecode(weights, TINY, plainEncode(weights, TINY, melRows(frames)), [tokens.start]) as [
        Float64Array,
      ];
      const of = (code: string): number => logits[tokens.language(code) as number] as number;
      const likeliest = tokens.languages.reduce((best, code) => (of(code) > of(best) ? code : best));
      assert.equal(detectLanguage(network, tokens), likeliest);
      assert.equal(detectLanguage(network, new SpeechTokens({ hyperparameters: TINY, vocabulary: [] })), 'en');
    });
  });
});

describe('a speech model accepts any tag of a language:', () => {
  const languageHeard = async (tag: string, sizes = TINY_MULTILINGUAL): Promise<string> => {
    using device = new Device('cpu', { threads: 1 });
    using transcriber = new WhisperTranscriber(
      await openSpeechModel(await fileOf(tinyWhisperBytes(tinyWeights(1, sizes), undefined, sizes)), device),
    );
    const silence = new Float32Array(transcriber.windowSamples + 2 * FRAME_REACH_SAMPLES);
    return (await transcriber.transcribeWindow(silence, transcriber.windowSamples, { language: tag, previous: [] }))
      .language;
  };

  for (const [tag, language] of [
    ['pt', 'pt'],
    ['pt-BR', 'pt'],
    ['zh_CN', 'zh'],
    ['EN', 'en'],
    ['nb-NO', 'no'],
    ['fil', 'tl'],
    ['jv', 'jw'],
    ['iw', 'he'],
    ['Auto', 'auto'],
  ] as const) {
    it(`${tag}: ${language}`, async () => assert.equal(await languageHeard(tag), language));
  }

  it('en-US for an English-only model', async () => assert.equal(await languageHeard('en-US', TINY), 'en'));

  it('and names an unknown language', async () => {
    await assert.rejects(
      languageHeard('tlh-KX'),
      (error) =>
        error instanceof TroubleError &&
        error.code === 'invalid-input' &&
        /not know the language "tlh-KX"/.test(error.message),
    );
    await assert.rejects(languageHeard('de-AT', TINY), /only English, not "de-AT"/);
  });
});

describe('a speech model', () => {
  const whole = tinyWhisperBytes();
  const changed = (offset: number, value: number): Buffer => {
    const copy = Buffer.from(whole);
    copy.writeInt32LE(value, offset);
    return copy;
  };
  const rejects = async (bytes: Uint8Array, code: string, message: RegExp): Promise<void> => {
    const file = await fileOf(bytes);
    using device = new Device('cpu', { threads: 1 });
    await assert.rejects(
      openSpeechModel(file, device),
      (error) => error instanceof TroubleError && error.code === code && message.test(error.message),
    );
  };

  it('is read with its sizes, vocabulary and tensors', async () => {
    const file = await readWhisperFile(await fileOf(whole));
    assert.deepEqual(file.hyperparameters, TINY);
    assert.deepEqual(file.vocabulary.map(String), [' ', 'a']);
    assert.deepEqual(file.tensors.get('encoder.conv1.weight')?.shape, [3, TINY.melBands, TINY.audioWidth]);
  });

  const broken: readonly (readonly [string, () => Uint8Array, string, RegExp])[] = [
    ['that is empty', () => Buffer.alloc(0), 'invalid-model', /not a speech model/],
    ['of another kind', () => Buffer.from('GGUF and so on'), 'invalid-model', /ggml-\*\.bin of whisper\.cpp/],
    ['with an impossible size', () => changed(4, -1), 'invalid-model', /claims -1 for vocabularySize/],
    [
      'whose words leave no space for control tokens',
      () => changed(4, 50_257),
      'invalid-model',
      /claims 50257 for vocabularySize, expected 51864/,
    ],
    ['whose heads do not divide its width', () => changed(16, 3), 'invalid-model', /3 attention heads/],
    ['that was cut short', () => whole.subarray(0, whole.length - 5), 'truncated-model', /cut short/],
    [
      'with a tensor too few',
      () => tinyWhisperBytes(undefined, (tensors) => tensors.filter(({ name }) => name !== 'encoder.conv2.weight')),
      'invalid-model',
      /encoder\.conv2\.weight is missing/,
    ],
    [
      'with a tensor of another shape',
      () =>
        tinyWhisperBytes(undefined, (tensors) =>
          tensors.map((tensor) => (tensor.name === 'decoder.ln.bias' ? { ...tensor, extents: [8, 2] } : tensor)),
        ),
      'invalid-model',
      /decoder\.ln\.bias has the shape/,
    ],
  ];
  for (const [what, bytes, code, message] of broken) it(`${what} is refused`, () => rejects(bytes(), code, message));

  it('is refused if it is cut anywhere', async () => {
    for (let length = 0; length < 4_000; length += 37) {
      await assert.rejects(
        readWhisperFile(await fileOf(whole.subarray(0, length))),
        (error) => error instanceof TroubleError,
      );
    }
  });

  it('that is missing is refused', async () => {
    await assert.rejects(
      readWhisperFile(path.join(folder, 'nothing.bin')),
      (error) => error instanceof TroubleError && error.code === 'model-not-found',
    );
  });
});
