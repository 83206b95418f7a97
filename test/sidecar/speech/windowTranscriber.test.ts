import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SAMPLE_RATE_HZ } from '../../../sidecar/speech/logMel.ts';
import {
  WindowTranscriber,
  type SaidTokens,
  type TranscribedWindow,
  type WindowOptions,
} from '../../../sidecar/speech/windowTranscriber.ts';

interface Heard {
  readonly text?: string;
  readonly language?: string;
  readonly decoded?: SaidTokens;
}

/** Hears the next entry of `heard` in each window of a second. */
class Scripted extends WindowTranscriber {
  readonly asked: Pick<WindowOptions, 'language' | 'previous'>[] = [];

  constructor(private readonly heard: readonly Heard[]) {
    super();
  }

  override get windowSamples(): number {
    return SAMPLE_RATE_HZ;
  }

  override transcribeWindow(
    _samples: Float32Array,
    _available: number,
    { language: asked, previous }: WindowOptions,
  ): Promise<TranscribedWindow> {
    const { text, language = asked, decoded } = this.heard[this.asked.length] as Heard;
    this.asked.push({ language: asked, previous });
    return Promise.resolve({
      segments: text === undefined ? [] : [{ startSeconds: 0, endSeconds: 1, text }],
      speech: [],
      nextSeconds: 1,
      language,
      decoded,
    });
  }

  override [Symbol.dispose](): void {}
}

async function askedFor(heard: readonly Heard[], { withContext = true } = {}): Promise<Scripted['asked']> {
  const transcriber = new Scripted(heard);
  let left = heard.length * SAMPLE_RATE_HZ;
  const read = (count: number): Promise<Float32Array> => {
    const samples = new Float32Array(Math.min(count, left));
    left -= samples.length;
    return Promise.resolve(samples);
  };
  for await (const segment of transcriber.transcribe(
    { sampleRateHz: SAMPLE_RATE_HZ, read },
    { language: 'auto', withContext },
  ))
    assert.notEqual(segment.text, '');
  return transcriber.asked;
}

describe('a transcript of several windows', () => {
  it('takes the language only from windows with words', async () => {
    const asked = await askedFor([
      { language: 'cy' },
      { text: 'Guten Tag', language: 'de' },
      { text: 'oder so', language: 'nl' },
      {},
    ]);
    assert.deepEqual(
      asked.map(({ language }) => language),
      ['auto', 'auto', 'de', 'nl'],
    );
  });

  it('passes tokens to the next window, except those sampled at high temperature', async () => {
    const asked = await askedFor([
      { text: 'a', decoded: { tokens: [1, 2], temperature: 0 } },
      {},
      { text: 'b', decoded: { tokens: [3], temperature: 0.4 } },
      { text: 'c', decoded: { tokens: [4], temperature: 0.6 } },
      {},
    ]);
    assert.deepEqual(
      asked.map(({ previous }) => previous),
      [[], [1, 2], [1, 2], [1, 2, 3], []],
    );
  });

  it('passes no tokens without context', async () => {
    const asked = await askedFor([{ text: 'a', decoded: { tokens: [1], temperature: 0 } }, {}], { withContext: false });
    assert.deepEqual(
      asked.map(({ previous }) => previous),
      [[], []],
    );
  });
});
