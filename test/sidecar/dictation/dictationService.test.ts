import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECORDINGS_FOLDER } from '../../../.scripts/system.ts';
import { DictationService } from '../../../sidecar/dictation/dictationService.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import type { Microphone, MicrophoneEvents } from '../../../sidecar/dictation/microphone/microphone.ts';
import type { DictateResult, DictationChunk } from '../../../sidecar/protocol/client.ts';
import { LocalSpeech } from '../../../sidecar/speech/localSpeech.ts';
import { SoundWindow } from '../../../sidecar/speech/soundWindow.ts';
import { WavFile } from '../../../sidecar/speech/wavFile.ts';
import { whisperModel } from '../../reference/whisperModel.ts';

const FRAME_SAMPLES = 1_600;
const withoutRecordings = existsSync(RECORDINGS_FOLDER)
  ? false
  : 'the recordings of asterisk-core-sounds-en-wav are not installed';

/** Returns the samples of a recording at 16 kHz, followed by silence. */
async function recording(name: string, silenceSeconds: number): Promise<Float32Array> {
  const wav = await WavFile.open(path.join(RECORDINGS_FOLDER, `${name}.wav`));
  const seconds = wav.durationSeconds + silenceSeconds;
  const { samples } = await new SoundWindow({
    sampleRateHz: wav.format.sampleRateHz,
    read: (count) => wav.read(count),
  }).slideTo(0, Math.round(seconds * 16_000));
  await wav.close();
  return samples;
}

/**
 * A microphone that delivers samples, a tenth of a second at once and ten times faster than real time, then nothing.
 */
function hearing(
  samples: Float32Array,
  { onOpen, onSound }: MicrophoneEvents,
): { readonly failed: Promise<void> } & Disposable {
  let isClosed = false;
  const play = async (): Promise<void> => {
    onOpen();
    for (let start = 0; start < samples.length && !isClosed; start += FRAME_SAMPLES) {
      const frame = Int16Array.from(samples.subarray(start, start + FRAME_SAMPLES), (sample) =>
        Math.round(sample * 32_767),
      );
      onSound(Buffer.from(frame.buffer).toString('base64'));
      await sleep(10);
    }
  };
  const failed = play().then(() => new Promise<void>(() => undefined));
  return { failed, [Symbol.dispose]: () => void (isClosed = true) };
}

describe('dictation', () => {
  let sound: Float32Array = new Float32Array(0);
  const service = new DictationService({
    openMicrophone: (events) => hearing(sound, events),
    speechModelPath: () => whisperModel(),
  });
  after(() => service.dispose());
  const never = new AbortController().signal;
  const dictate = (
    onChunk: (chunk: DictationChunk) => void = () => undefined,
    { stop = never, signal = never }: { readonly stop?: AbortSignal; readonly signal?: AbortSignal } = {},
  ): Promise<DictateResult> => service.dictate({ settings: { threads: 2 }, onChunk, stop, signal });

  it('returns words while they are spoken, and ends after a silence', { skip: withoutRecordings }, async () => {
    sound = await recording('cannot-complete-as-dialed', 30);
    const chunks: DictationChunk[] = [];
    const result = await dictate((chunk) => chunks.push(chunk));
    assert.deepEqual(result, { text: 'Your call cannot be completed as dialed.', endedBy: 'silence' });
    assert.deepEqual(chunks[0], { isListening: true, text: '' });
    assert.deepEqual(chunks.at(-1), { isListening: false, text: result.text });
    assert.ok(chunks.some(({ text }) => text !== ''));
  });

  it('settles the text before a pause or a full window, and goes on', { skip: withoutRecordings }, async () => {
    const speech = new LocalSpeech();
    await speech.beginDictation({
      model: { modelPath: await whisperModel(), device: 'cpu', threads: 2 },
      language: 'auto',
    });
    const sentences = [...(await recording('vm-intro', 4)), ...(await recording('demo-congrats', 1))];
    for (let start = 0; start < sentences.length; start += 16_000 * 9) {
      const samples = Int16Array.from(sentences.slice(start, start + 16_000 * 9), (sample) =>
        Math.round(sample * 32_767),
      );
      speech.addSound({ samples: Buffer.from(samples.buffer).toString('base64') });
      assert.ok((await speech.readDictation({ isFinal: false })).hasSpeech);
    }
    const { text } = await speech.readDictation({ isFinal: true });
    assert.match(
      text,
      /^Please leave your message.*pound key\. Congratulations.*dialing digits.*standard telephone\.$/,
    );
    assert.equal(text.match(/pound key/g)?.length, 1, text);
  });

  it('writes identifiers of its document, also with beam search', { skip: withoutRecordings }, async () => {
    sound = await recording('cannot-complete-as-dialed', 30);
    const document = 'if (!beCompleted(call)) return asDialed;';
    const { text } = await service.dictate({
      settings: { threads: 2, speech: { beamSize: 2, commands: true } },
      document,
      onChunk: () => undefined,
      stop: never,
      signal: never,
    });
    assert.equal(text, 'Your call cannot beCompleted asDialed.');
  });

  it('uses a speech model for the spoken language, or for any language if none is set', async () => {
    sound = new Float32Array(0);
    const asked: (readonly [string | undefined, string])[] = [];
    const choosing = new DictationService({
      openMicrophone: (events) => hearing(sound, events),
      speechModelPath: (chosen, language) => {
        asked.push([chosen, language]);
        return whisperModel();
      },
    });
    const settings = [{}, { speech: { language: 'de', modelPath: 'own.bin' } }];
    for (const one of settings)
      await choosing.dictate({ settings: one, onChunk: () => undefined, stop: AbortSignal.abort(), signal: never });
    await choosing.dispose();
    assert.deepEqual(asked, [
      [undefined, 'auto'],
      ['own.bin', 'de'],
    ]);
  });

  it('returns no text without speech', async () => {
    sound = new Float32Array(16_000 * 20);
    assert.deepEqual(await dictate(), { text: '', endedBy: 'silence' });
  });

  it(
    'ends on request and returns the words so far; meanwhile other dictations are refused',
    { skip: withoutRecordings },
    async () => {
      sound = await recording('cannot-complete-as-dialed', 0.5);
      let refused: unknown;
      const stop = new AbortController();
      const result = await dictate(
        ({ isListening, text }) => {
          if (!isListening || !text.includes('dialed')) return;
          dictate().catch((error: unknown) => (refused = error));
          stop.abort();
        },
        { stop: stop.signal },
      );
      assert.equal(result.endedBy, 'stop');
      assert.match(result.text, /completed as dialed/);
      assert.ok(refused instanceof TroubleError && /already listening/.test(refused.message));
    },
  );

  it(
    'waits for another one that reads its last words, and can be ended meanwhile',
    { skip: withoutRecordings },
    async () => {
      const [saidFirst, saidNext] = [
        await recording('cannot-complete-as-dialed', 0.5),
        await recording('vm-intro', 30),
      ];
      sound = saidFirst;
      const stop = new AbortController();
      const order: string[] = [];
      let next: Promise<readonly DictateResult[]> | undefined;
      const first = await dictate(
        ({ isListening, text }) => {
          if (isListening && text.includes('dialed')) stop.abort();
          if (isListening || next) return;
          sound = saidNext;
          const ended = dictate(() => assert.fail('nobody listens'), { stop: AbortSignal.abort() });
          const stopNext = new AbortController();
          const onNext = (chunk: DictationChunk): void => {
            order.push('next');
            if (chunk.text !== '') stopNext.abort();
          };
          next = Promise.all([ended, ended.then(() => dictate(onNext, { stop: stopNext.signal }))]);
        },
        { stop: stop.signal },
      ).finally(() => order.push('first'));
      const [ended, second] = (await next)!;
      assert.match(first.text, /completed as dialed\.$/);
      assert.deepEqual(ended, { text: '', endedBy: 'stop' });
      assert.match(second!.text, /^Please leave/);
      assert.deepEqual(order.slice(0, 2), ['first', 'next']);
    },
  );

  it(
    'shows the words so far if the microphone goes away, reports it, and works again at the next command',
    { skip: withoutRecordings },
    async () => {
      sound = await recording('cannot-complete-as-dialed', 1);
      let unplug: (error: Error) => void = () => undefined;
      const unplugged = new Promise<void>((_, reject) => (unplug = reject));
      unplugged.catch(() => undefined);
      const microphones = [unplugged, new Promise<void>(() => undefined)];
      const listening = new DictationService({
        openMicrophone: (events) => ({ ...hearing(sound, events), failed: microphones.shift() as Promise<void> }),
        speechModelPath: () => whisperModel(),
      });
      const stop = new AbortController();
      const dictateAgain = (onChunk: (chunk: DictationChunk) => void): Promise<DictateResult> =>
        listening.dictate({ settings: { threads: 2 }, onChunk, stop: stop.signal, signal: never });
      try {
        const shown: string[] = [];
        const first = dictateAgain(({ text }) => {
          shown.push(text);
          if (text !== '') unplug(new TroubleError('no-microphone', 'It was unplugged.'));
        });
        await assert.rejects(first, (error) => error instanceof TroubleError && error.code === 'no-microphone');
        assert.match(shown.at(-1) as string, /^Your call/);
        const { text } = await dictateAgain((chunk) => {
          if (chunk.text !== '') stop.abort();
        });
        assert.match(text, /^Your call/);
      } finally {
        await listening.dispose();
      }
    },
  );

  it('closes a microphone without a transcription for a minute, such as with a model that never loads', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    let isClosed = false;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const unread = new DictationService({
      openMicrophone: () => {
        open();
        return { failed: new Promise<void>(() => undefined), [Symbol.dispose]: () => void (isClosed = true) };
      },
      speechModelPath: () => whisperModel(),
    });
    const controller = new AbortController();
    const ended = unread
      .dictate({ settings: { threads: 2 }, onChunk: () => undefined, stop: never, signal: controller.signal })
      .catch(() => undefined);
    await opened;
    test.mock.timers.tick(59_000);
    assert.equal(isClosed, false);
    test.mock.timers.tick(1_000);
    assert.equal(isClosed, true);
    test.mock.timers.reset();
    controller.abort();
    await unread.dispose();
    await ended;
  });

  it('ends by its signal', async () => {
    sound = new Float32Array(16_000 * 60);
    const controller = new AbortController();
    await assert.rejects(dictate(() => controller.abort(), { signal: controller.signal }));
  });

  for (const how of ['stop', 'signal'] as const) {
    const begin = (
      openMicrophone: (events: MicrophoneEvents) => Pick<Microphone, 'failed'> & Disposable,
      atModelPath: (end: () => void) => void = () => undefined,
    ): {
      readonly result: Promise<DictateResult>;
      readonly signs: readonly boolean[];
      readonly end: () => void;
    } & AsyncDisposable => {
      const controller = new AbortController();
      const end = (): void => controller.abort();
      const listening = new DictationService({
        openMicrophone,
        speechModelPath: () => {
          atModelPath(end);
          return whisperModel();
        },
      });
      const signs: boolean[] = [];
      const result = listening.dictate({
        settings: { threads: 2 },
        onChunk: ({ isListening }) => signs.push(isListening),
        stop: never,
        signal: never,
        [how]: controller.signal,
      });
      return { result, signs, end, [Symbol.asyncDispose]: () => listening.dispose() };
    };
    const ended = (result: Promise<DictateResult>): Promise<void> =>
      how === 'stop'
        ? result.then((given) => assert.deepEqual(given, { text: '', endedBy: 'stop' }))
        : assert.rejects(result);

    it(`closes the microphone at once while the model still loads: ${how}`, async () => {
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      let isClosed = false;
      let close: () => void = () => undefined;
      await using dictation = begin(({ onOpen }) => {
        open();
        onOpen();
        return {
          failed: new Promise<void>((resolve) => (close = resolve)),
          [Symbol.dispose]: () => void ((isClosed = true), close()),
        };
      });
      await opened;
      assert.equal(isClosed, false);
      dictation.end();
      assert.equal(isClosed, true);
      assert.deepEqual(dictation.signs, how === 'stop' ? [true, false] : [true]);
      await ended(dictation.result);
    });

    it(`opens no microphone if it ended before: ${how}`, async () => {
      await using dictation = begin(
        () => assert.fail('a microphone was opened'),
        (end) => end(),
      );
      await ended(dictation.result);
    });
  }

  it('says how to get a model if there is none', async () => {
    const without = new DictationService({
      openMicrophone: (events) => hearing(sound, events),
      speechModelPath: () => Promise.reject(new TroubleError('no-speech-model', 'There is none.')),
    });
    await assert.rejects(
      without.dictate({ settings: {}, onChunk: () => undefined, stop: never, signal: never }),
      (error) => error instanceof TroubleError && error.code === 'no-speech-model',
    );
  });
});
