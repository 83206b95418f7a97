import type { TroubleCode } from '../../protocol/client.ts';
import type { TrainOptions, TrainProgress, TrainResult } from './options.ts';
import type { SpeechTrainOptions } from './speech/speechOptions.ts';

/** What the command line tells the process that trains. */
export type TrainRequest =
  { readonly kind: 'start'; readonly options: TrainOptions | SpeechTrainOptions } | { readonly kind: 'stop' };

/** What that process tells back; 'result' or 'trouble' comes last. */
export type TrainMessage =
  | { readonly kind: 'note'; readonly line: string }
  | { readonly kind: 'progress'; readonly progress: TrainProgress }
  | { readonly kind: 'result'; readonly result: TrainResult }
  | { readonly kind: 'trouble'; readonly code: TroubleCode; readonly message: string };
