import type { TrainProgress } from './options.ts';

/** Receives the progress of a training, and may stop it. */
export interface TrainListeners {
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Receives a line about the data and the trained weights. */
  readonly onNote?: (line: string) => void;
  /** Stops the training after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
}
