import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { planLowRank } from './lowRankPlan.ts';
import type { TrainOptions } from './options.ts';
import { checkTrainable } from './trainedModel.ts';

/** Checks that an expert can be trained with these options. Reads the headers of the model. Throws `TroubleError`. */
export async function checkExpert(options: TrainOptions): Promise<void> {
  const { modelPath } = options;
  const { architecture, hyperparameters, specs } = await checkTrainable(modelPath);
  if (hyperparameters.mixture || architecture.name === 'chorus')
    throw new TroubleError(
      'unsupported-model',
      `${path.basename(modelPath)} is a mixture of experts (${architecture.name}), which can't learn a workspace.`,
    );
  planLowRank({ specs }, options);
}
