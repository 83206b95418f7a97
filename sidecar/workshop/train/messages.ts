import type { WeightedText } from '../../common/weightedText.ts';
import type { TroubleCode } from '../../protocol/client.ts';
import type { TrainOptions, TrainProgress, TrainResult } from './options.ts';
import type { SpeechTrainOptions } from './speech/speechOptions.ts';

/** Messages from the command line to the training process. */
export type TrainRequest =
  | {
      readonly kind: 'start';
      readonly options: TrainOptions | SpeechTrainOptions;
      /** See `TrainListeners`. */
      readonly texts?: readonly WeightedText[];
      /** Whether the process may be stopped by a signal, so that it has to end with its parent. */
      readonly isPausable: boolean;
    }
  /** Checks that the training of an expert is possible, and answers 'checked'. */
  | { readonly kind: 'check'; readonly options: TrainOptions }
  | { readonly kind: 'stop' };

/** Messages from the training process. 'result', 'checked' or 'trouble' is the last. */
export type TrainMessage =
  | { readonly kind: 'note'; readonly line: string }
  | { readonly kind: 'progress'; readonly progress: TrainProgress }
  | { readonly kind: 'result'; readonly result: TrainResult }
  | { readonly kind: 'checked' }
  | { readonly kind: 'trouble'; readonly code: TroubleCode; readonly message: string };
