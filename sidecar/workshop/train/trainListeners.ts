import type { WeightedText } from '../../common/weightedText.ts';
import type { TrainProgress } from './options.ts';

/** Receives the progress of a training, may stop it, and may give its texts. */
export interface TrainListeners {
  /** The texts, in place of files. They are in no checkpoint. */
  readonly texts?: readonly WeightedText[];
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Receives a line about the data and the trained weights. */
  readonly onNote?: (line: string) => void;
  /**
   * Receives the number of the training's process, which may then be stopped and continued by signals. The process ends
   * at once if its parent dies, since a stopped process can't write a checkpoint.
   */
  readonly onProcess?: (pid: number) => void;
  /** Stops the training after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
}
