import type { AdamWOptions } from '../../../../kernels/training/optimiser/adamWOptions.ts';
import type { ScheduleOptions } from '../../../../kernels/training/optimiser/schedules.ts';
import type { SpeechTransformerHyperparameters } from '../../../speech/architectures/speechTransformer.ts';

/** Sizes of a Speech-Transformer that begins with random weights. */
export type SpeechSizes = Omit<SpeechTransformerHyperparameters, 'vocabularySize' | 'positions'>;

/** All that a training of a speech model is. */
export interface SpeechTrainOptions {
  readonly speech: SpeechSizes;
  readonly positions: SpeechTransformerHyperparameters['positions'];
  /** JSON lines, one for each utterance: `audio_filepath`, `text`, and `language`. */
  readonly dataPaths: readonly string[];
  readonly outputPath: string;
  readonly checkpointFolder: string;
  readonly checkpointSteps: number;
  readonly resume: boolean;
  /** Of a step. */
  readonly batchUtterances: number;
  readonly schedule: ScheduleOptions;
  readonly optimiser: AdamWOptions;
  /**
   * Which file is written: float32, 8 bits with ranges of activations that were looked at after the training, or 8 bits
   * with those of the last `eightBitSteps`, in which the network was trained with rounded weights and activations.
   */
  readonly bits: 'float' | 'calibrated' | 'trained';
  readonly eightBitSteps: number;
  /** Hide stretches of time and bands at random. */
  readonly specAugment: boolean;
  readonly seed: number;
  readonly threads: number;
}
