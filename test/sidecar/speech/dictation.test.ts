import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Dictation } from '../../../sidecar/speech/dictation.ts';
import { FRAME_REACH_SAMPLES, SAMPLE_RATE_HZ } from '../../../sidecar/speech/logMel.ts';
import { WindowTranscriber, type TranscribedWindow, type WindowOptions } from '../../../sidecar/speech/windowTranscriber.ts';

const WINDOW_SECONDS = 30;

/** Hears a word in each second: the number that its samples are. Its windows end with whole sentences of `sentenceSeconds`. */
class Counting extends WindowTranscriber {
  /** Of each window that was read. */
  readonly wereBrief: (boolean | undefined)[] = [];

  constructor(private readonly sentenceSeconds: number) {
    super();
  }

  override get windowSamples(): number {
    return WINDOW_SECONDS * SAMPLE_RATE_HZ;
  }

  override transcribeWindow(samples: Float32Array, available: number, { briefWindows }: WindowOptions): Promise<TranscribedWindow> {
    this.wereBrief.push(briefWindows);
    const seconds = Math.floor(available / SAMPLE_RATE_HZ);
    const isFull = available === this.windowSamples;
    const nextSeconds = isFull ? Math.max(1, Math.floor(seconds / this.sentenceSeconds) * this.sentenceSeconds) : seconds;
    const words = Array.from({ length: nextSeconds }, (_, second) => samples[FRAME_REACH_SAMPLES + second * SAMPLE_RATE_HZ] as number).filter((word) => word > 0);
    const segments = words.length === 0 ? [] : [{ startSeconds: 0, endSeconds: nextSeconds, text: words.join(' ') }];
    return Promise.resolve({ segments, speech: words.length === 0 ? [] : [{ start: 0, end: seconds }], nextSeconds, language: 'en' });
  }

  override [Symbol.dispose](): void {}
}

/** Of each second the number of its word; 0 is silence. */
const sound = (words: readonly number[]): Float32Array => Float32Array.from({ length: words.length * SAMPLE_RATE_HZ }, (_, sample) => words[Math.floor(sample / SAMPLE_RATE_HZ)] as number);
const countTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('the last reading of a dictation', () => {
  for (const [what, words, sentenceSeconds] of [
    ['is less than a window', countTo(12), 7],
    ['fills one window whose last sentence is cut', countTo(30), 7],
    ['goes a little beyond a window', countTo(40), 28],
    ['ends with a window', countTo(56), 28],
    ['is several windows', countTo(100), 28],
    ['begins with silence that is longer than a window', [...new Array<number>(40).fill(0), ...countTo(5)], 7],
    ['is exactly windows', countTo(60), 30],
  ] as const) {
    it(`has every word once where the sound ${what}`, async () => {
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
  it('is read in brief windows while one speaks, and in a whole one at the end', async () => {
    const dictation = new Dictation({ language: 'en' });
    const transcriber = new Counting(7);
    dictation.transcriber = transcriber;
    for (const isFinal of [false, false, true]) {
      dictation.add(sound(countTo(2)));
      await dictation.read({ isFinal });
    }
    assert.deepEqual(transcriber.wereBrief, [true, true, false]);
  });
});
