import type { TrainProgress } from './options.ts';

/** Receives the progress of a training, may stop it, and may give its texts. */
export interface TrainListeners {
  /** The texts, in place of files. They are in no checkpoint. */
  readonly texts?: readonly string[];
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Receives a line about the data and the trained weights. */
  readonly onNote?: (line: string) => void;
  /** Stops the training after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
}
