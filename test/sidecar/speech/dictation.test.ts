import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Dictation } from '../../../sidecar/speech/dictation.ts';
import { FRAME_REACH_SAMPLES, SAMPLE_RATE_HZ } from '../../../sidecar/speech/logMel.ts';
import {
  WindowTranscriber,
  type TranscribedWindow,
  type WindowOptions,
} from '../../../sidecar/speech/windowTranscriber.ts';

const WINDOW_SECONDS = 30;

/**
 * Hears a word in each second: the number that its samples have. Full windows end with whole sentences of
 * `sentenceSeconds`. The text stops after `mostWords`, like that of a decoder with a token limit.
 */
class Counting extends WindowTranscriber {
  /** The option `briefWindows` of each window. */
  readonly wereBrief: (boolean | undefined)[] = [];

  constructor(
    private readonly sentenceSeconds: number,
    private readonly options: { readonly mostWords?: number } = {},
  ) {
    super();
  }

  override get windowSamples(): number {
    return WINDOW_SECONDS * SAMPLE_RATE_HZ;
  }

  override transcribeWindow(
    samples: Float32Array,
    available: number,
    { briefWindows }: WindowOptions,
  ): Promise<TranscribedWindow> {
    this.wereBrief.push(briefWindows);
    const seconds = Math.floor(available / SAMPLE_RATE_HZ);
    const isFull = available === this.windowSamples;
    const { mostWords = Infinity } = this.options;
    const wordIn = (second: number): number => samples[FRAME_REACH_SAMPLES + second * SAMPLE_RATE_HZ] as number;
    const spoken = Array.from({ length: seconds }, (_, second) => second).filter((second) => wordIn(second) > 0);
    const stopped = spoken[mostWords];
    const nextSeconds =
      stopped ?? (isFull ? Math.max(1, Math.floor(seconds / this.sentenceSeconds) * this.sentenceSeconds) : seconds);
    const words = spoken.filter((second) => second < nextSeconds).map(wordIn);
    const segments = words.length === 0 ? [] : [{ startSeconds: 0, endSeconds: nextSeconds, text: words.join(' ') }];
    const last = spoken.at(-1);
    return Promise.resolve({
      segments,
      speech: last === undefined ? [] : [{ start: spoken[0] as number, end: last + 1 }],
      nextSeconds,
      language: 'en',
    });
  }

  override [Symbol.dispose](): void {}
}

/** Sound with a word's number in each second; 0 is silence. */
const sound = (words: readonly number[]): Float32Array =>
  Float32Array.from(
    { length: words.length * SAMPLE_RATE_HZ },
    (_, sample) => words[Math.floor(sample / SAMPLE_RATE_HZ)] as number,
  );
const countTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('the last reading of a dictation', () => {
  for (const [what, words, sentenceSeconds] of [
    ['is less than a window', countTo(12), 7],
    ['fills a window whose last sentence is cut', countTo(30), 7],
    ['goes a little beyond a window', countTo(40), 28],
    ['ends with a window', countTo(56), 28],
    ['fills several windows', countTo(100), 28],
    ['begins with silence that is longer than a window', [...new Array<number>(40).fill(0), ...countTo(5)], 7],
    ['fills whole windows exactly', countTo(60), 30],
  ] as const) {
    it(`has every word once if the sound ${what}`, async () => {
      const dictation = new Dictation({ language: 'en' });
      dictation.transcriber = new Counting(sentenceSeconds);
      dictation.add(sound(words));
      const { text, hasSpeech } = await dictation.read({ isFinal: true });
      assert.equal(text, words.filter((word) => word > 0).join(' '));
      assert.ok(hasSpeech);
    });
  }
});

describe('a dictation', () => {
  it('uses brief windows during speech, and a whole window at the end', async () => {
    const dictation = new Dictation({ language: 'en' });
    const transcriber = new Counting(7);
    dictation.transcriber = transcriber;
    for (const isFinal of [false, false, true]) {
      dictation.add(sound(countTo(2)));
      await dictation.read({ isFinal });
    }
    assert.deepEqual(transcriber.wereBrief, [true, true, false]);
  });

  it('uses a whole window before text at a pause is settled', async () => {
    const dictation = new Dictation({ language: 'en' });
    const transcriber = new Counting(7);
    dictation.transcriber = transcriber;
    dictation.add(sound([...countTo(9), 0, 0]));
    assert.equal((await dictation.read({ isFinal: false })).text, countTo(9).join(' '));
    assert.deepEqual(transcriber.wereBrief, [true, false]);
    dictation.add(sound([10, 11]));
    assert.equal((await dictation.read({ isFinal: true })).text, countTo(11).join(' '));
  });

  for (const [when, silence, isFinal] of [
    ['at the end', [], true],
    ['at a pause', [0, 0], false],
  ] as const) {
    it(`continues behind a text that stopped before the speech, ${when}`, async () => {
      const dictation = new Dictation({ language: 'en' });
      dictation.transcriber = new Counting(7, { mostWords: 4 });
      dictation.add(sound([...countTo(11), ...silence]));
      await dictation.read({ isFinal });
      assert.equal((await dictation.read({ isFinal: true })).text, countTo(11).join(' '));
    });
  }

  for (const [what, texts, expected] of [
    ['blanks', ['Hello there.', 'How are', 'you?'], 'Hello there. How are you?'],
    ['no blanks in Chinese', ['今天天气', '很好，', '我们出去吧。'], '今天天气很好，我们出去吧。'],
    ['no blanks in Japanese', ['サーバー', 'を起動', 'します。'], 'サーバーを起動します。'],
    ['no blanks in Thai', ['สวัสดี', 'ครับ', 'ผม'], 'สวัสดีครับผม'],
  ] as const) {
    it(`joins segments and settled text with ${what}`, async () => {
      const [first, ...rest] = texts;
      class Saying extends Counting {
        override async transcribeWindow(
          samples: Float32Array,
          available: number,
          options: WindowOptions,
        ): Promise<TranscribedWindow> {
          const window = await super.transcribeWindow(samples, available, options);
          const said = samples[FRAME_REACH_SAMPLES] === 1 ? [first] : rest;
          return { ...window, segments: said.map((text) => ({ startSeconds: 0, endSeconds: 1, text })) };
        }
      }
      const dictation = new Dictation({ language: 'auto' });
      dictation.transcriber = new Saying(7);
      dictation.add(sound([...countTo(9), 0, 0]));
      await dictation.read({ isFinal: false });
      dictation.add(sound([2, 3]));
      assert.equal((await dictation.read({ isFinal: true })).text, expected);
    });
  }

  it('takes the language only from windows with words', async () => {
    const languages: string[] = [];
    class Humming extends Counting {
      override async transcribeWindow(
        samples: Float32Array,
        available: number,
        options: WindowOptions,
      ): Promise<TranscribedWindow> {
        languages.push(options.language);
        const window = await super.transcribeWindow(samples, available, options);
        return { ...window, segments: [], language: 'cy' };
      }
    }
    const dictation = new Dictation({ language: 'auto' });
    dictation.transcriber = new Humming(7);
    dictation.add(sound([...countTo(9), 0, 0]));
    await dictation.read({ isFinal: false });
    dictation.add(sound([1, 2]));
    await dictation.read({ isFinal: true });
    assert.ok(
      languages.every((language) => language === 'auto'),
      languages.join(' '),
    );
  });

  it('counts only analysed sound as silence, not new sound or sound beyond a window', async () => {
    const dictation = new Dictation({ language: 'en' });
    class Slow extends Counting {
      override transcribeWindow(
        samples: Float32Array,
        available: number,
        options: WindowOptions,
      ): Promise<TranscribedWindow> {
        dictation.add(sound(countTo(6)));
        return super.transcribeWindow(samples, available, options);
      }
    }
    dictation.transcriber = new Slow(7);
    dictation.add(sound(countTo(40)));
    const reading = await dictation.read({ isFinal: false });
    assert.ok(reading.hasSpeech);
    assert.equal(reading.silenceSeconds, 0);
    dictation.transcriber = new Counting(7);
    while ((await dictation.read({ isFinal: false })).silenceSeconds === 0) dictation.add(sound([0, 0]));
    dictation.add(sound([0, 0, 0]));
    assert.ok((await dictation.read({ isFinal: false })).silenceSeconds >= 4);
  });

  it('ends if windows are shorter than the kept silence', async () => {
    const dictation = new Dictation({ language: 'en' });
    class Short extends Counting {
      override get windowSamples(): number {
        return SAMPLE_RATE_HZ / 2;
      }
    }
    dictation.transcriber = new Short(7);
    dictation.add(new Float32Array(SAMPLE_RATE_HZ));
    assert.equal((await dictation.read({ isFinal: true })).text, '');
  });
});
