import type { AdamWOptions } from '../../../../kernels/training/optimiser/adamWOptions.ts';
import type { ScheduleOptions } from '../../../../kernels/training/optimiser/schedules.ts';
import type { SpeechTransformerHyperparameters } from '../../../speech/architectures/speechTransformer.ts';

/** The sizes of a Speech-Transformer with random weights. */
export type SpeechSizes = Omit<SpeechTransformerHyperparameters, 'vocabularySize' | 'positions'>;

/** All options of the training of a speech model. */
export interface SpeechTrainOptions {
  readonly speech: SpeechSizes;
  readonly positions: SpeechTransformerHyperparameters['positions'];
  /** JSON lines, one for each utterance: `audio_filepath`, `text` and `language`. */
  readonly dataPaths: readonly string[];
  readonly outputPath: string;
  readonly checkpointFolder: string;
  readonly checkpointSteps: number;
  readonly resume: boolean;
  /** Per step. */
  readonly batchUtterances: number;
  readonly schedule: ScheduleOptions;
  readonly optimiser: AdamWOptions;
  /**
   * The type of the written file: float32, or 8 bits. For 8 bits, activation ranges are either calibrated after the
   * training, or trained in the last `eightBitSteps` with rounded weights and activations.
   */
  readonly bits: 'float' | 'calibrated' | 'trained';
  readonly eightBitSteps: number;
  /** Whether to mask random intervals of time and bands. */
  readonly specAugment: boolean;
  readonly seed: number;
  readonly threads: number;
}
