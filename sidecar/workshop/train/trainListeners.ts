import type { TrainProgress } from './options.ts';

/** What is told of a training, and what ends it. */
export interface TrainListeners {
  readonly onProgress?: (progress: TrainProgress) => void;
  /** One line on what was read and what is trained. */
  readonly onNote?: (line: string) => void;
  /** Ends the training after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
}
