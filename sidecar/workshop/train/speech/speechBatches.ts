import { DOWNSAMPLING } from '../../../speech/architectures/speechTransformer.ts';
import { paddedFrames } from '../../../speech/speechTransformerNetwork.ts';
import type { SpeechVocabulary } from '../../../speech/speechVocabulary.ts';
import { seedOf } from '../dropout.ts';
import { Random } from '../random.ts';
import { specAugment } from './specAugment.ts';
import type { Utterance } from './speechCorpus.ts';

/** The utterances of a step, padded to the same lengths. */
export interface SpeechBatch {
  /** `[bands, frames, 1, n]` */
  readonly mel: Float32Array;
  readonly frames: number;
  /** The number of encoder positions of each utterance. */
  readonly positions: readonly number[];
  /** For each utterance: its language, its characters, and the end. */
  readonly targets: readonly (readonly number[])[];
}

export interface BatchOptions {
  readonly bands: number;
  readonly batchUtterances: number;
  readonly specAugment: boolean;
  readonly seed: number;
}

/** Utterances are sorted by length within this many batches. */
const SORTED_BATCHES = 8;

/**
 * Batches of utterances of similar length, in another order in each epoch. The batch of a step depends only on its
 * number.
 */
export class SpeechBatches {
  readonly perEpoch: number;

  constructor(
    private readonly utterances: readonly Utterance[],
    private readonly vocabulary: SpeechVocabulary,
    private readonly options: BatchOptions,
  ) {
    this.perEpoch = Math.ceil(utterances.length / options.batchUtterances);
  }

  /** The number of tokens of the longest text, including language and end. */
  get longestText(): number {
    return 2 + this.utterances.reduce((most, { text }) => Math.max(most, this.vocabulary.encode(text).length), 0);
  }

  /** The batch of step number `step`, from 1. */
  batch(step: number): SpeechBatch {
    const { batchUtterances, seed } = this.options;
    const [epoch, number] = [Math.floor((step - 1) / this.perEpoch), (step - 1) % this.perEpoch];
    const order = this.#order(epoch);
    // The last batch of an epoch is completed from its beginning.
    const chosen = Array.from(
      { length: batchUtterances },
      (_, index) => order[(number * batchUtterances + index) % order.length] as number,
    );
    return this.#fill(
      chosen.map((index) => this.utterances[index] as Utterance),
      seedOf(seed, step),
    );
  }

  #order(epoch: number): readonly number[] {
    const { batchUtterances, seed } = this.options;
    const random = new Random(seedOf(seed, 7_919, epoch));
    const shuffled = [...random.order(this.utterances.length)];
    const sorted: number[][] = [];
    for (let first = 0; first < shuffled.length; first += SORTED_BATCHES * batchUtterances) {
      const group = shuffled
        .slice(first, first + SORTED_BATCHES * batchUtterances)
        .sort((a, b) => (this.utterances[a] as Utterance).frames - (this.utterances[b] as Utterance).frames);
      for (let start = 0; start < group.length; start += batchUtterances)
        sorted.push(group.slice(start, start + batchUtterances));
    }
    return [...random.order(sorted.length)].flatMap((index) => sorted[index] as number[]);
  }

  #fill(chosen: readonly Utterance[], seed: number): SpeechBatch {
    const { bands } = this.options;
    const frames = paddedFrames(Math.max(...chosen.map((utterance) => utterance.frames)));
    const mel = new Float32Array(bands * frames * chosen.length);
    chosen.forEach((utterance, index) => {
      const values = this.options.specAugment
        ? specAugment(utterance.mel.slice(), bands, seedOf(seed, index))
        : utterance.mel;
      mel.set(values, index * bands * frames);
    });
    return {
      mel,
      frames,
      positions: chosen.map((utterance) => Math.ceil(utterance.frames / DOWNSAMPLING)),
      targets: chosen.map(({ text, language }) => [
        this.vocabulary.language(language) as number,
        ...this.vocabulary.encode(text),
        this.vocabulary.end,
      ]),
    };
  }
}
