import { TroubleError } from '../../common/troubleError.ts';
import type { WeightSpec } from '../../models/architectures/architecture.ts';
import type { TrainOptions } from './options.ts';
import { parameterSpec } from './parameterSpecs.ts';
import type { TrainedModel } from './trainedModel.ts';

/** Which matrices are trained by two factors, and how. */
export interface LowRankPlan {
  /** Ranks by the names of the matrices. */
  readonly ranks: ReadonlyMap<string, number>;
  /** What the product of the factors counts. */
  readonly factor: number;
  /** Whether the factors stand beside weights that stay, or in their place. */
  readonly isAdapter: boolean;
}

/** Ranks that follow from a share are multiples of it where they can be, which processors multiply faster. */
const RANK_STEP = 8;

/** The names of a matrix's factors among the parameters. */
export const factorNames = (matrix: string): { readonly down: string; readonly up: string } => ({
  down: `${matrix}.down`,
  up: `${matrix}.up`,
});

/**
 * What `lowRank` or `adapter` of the options makes of a model; `undefined` where there is neither. Matrices whose
 * smaller side is no larger than the rank stay as they are. Throws `TroubleError` 'invalid-input' for options that
 * contradict each other, and where no matrix is left.
 */
export function planLowRank(
  model: TrainedModel,
  options: Pick<TrainOptions, 'lowRank' | 'adapter' | 'scratch' | 'freeze' | 'schedule' | 'precision'>,
): LowRankPlan | undefined {
  const { lowRank, adapter } = options;
  const size = lowRank?.size ?? adapter?.rank;
  if (size === undefined) return undefined;
  check(options);
  const patterns = options.freeze.map((pattern) => new RegExp(pattern));
  const candidates = model.specs.filter(
    (spec) => isHiddenMatrix(spec) && !patterns.some((pattern) => pattern.test(spec.name)),
  );
  const ranks = candidates
    .map((spec) => [spec.name, rankOf(spec, size)] as const)
    .filter(([, rank], index) => rank < smallerSide(candidates[index] as WeightSpec));
  if (ranks.length === 0) {
    const largest = Math.max(0, ...candidates.map(smallerSide));
    throw new TroubleError(
      'invalid-input',
      `No matrix can have the rank ${size}: the smaller side of the largest ${candidates.length} that are not frozen is ${largest}.`,
    );
  }
  return {
    ranks: new Map(ranks),
    factor: adapter ? adapter.alpha / adapter.rank : 1,
    isAdapter: adapter !== undefined,
  };
}

function check({
  lowRank,
  adapter,
  scratch,
  schedule,
  precision,
}: Pick<TrainOptions, 'lowRank' | 'adapter' | 'scratch' | 'schedule' | 'precision'>): void {
  const refuse = (why: string): never => {
    throw new TroubleError('invalid-input', why);
  };
  if (lowRank && adapter)
    refuse(
      'Factors in place of the weights and an adapter beside them exclude each other: choose --low-rank or --adapter.',
    );
  if (precision === 'q5' || precision === 'q4')
    refuse(
      `Weights are trained to be rounded to ${precision.slice(1)} bits, and factors are not what is rounded then: leave out --low-rank and --adapter, or choose --precision q8.`,
    );
  if (adapter && scratch)
    refuse('An adapter stands beside the weights of a model: --adapter needs one, and --scratch has none.');
  if (!lowRank) return;
  if (lowRank.init !== 'spectral' && !scratch)
    refuse(
      `The weights of a model are taken apart into their factors: --low-rank-init ${lowRank.init} is for --scratch.`,
    );
  if (lowRank.init !== 'spectral' && lowRank.denseSteps > 0)
    refuse(
      `After dense steps their weights are taken apart into factors: --low-rank-init ${lowRank.init} is for a training without.`,
    );
  if (lowRank.denseSteps >= schedule.totalSteps)
    refuse(
      `All ${schedule.totalSteps} steps would be dense: --low-rank-dense-steps is ${lowRank.denseSteps}, expected fewer than --steps.`,
    );
}

/** Matrices of blocks but for routers; experts are stacks of matrices. */
function isHiddenMatrix(spec: WeightSpec): boolean {
  return spec.use === 'matrix' && parameterSpec(spec, { tiedOutput: false }).isHidden === true;
}

const smallerSide = ({ extents }: WeightSpec): number => Math.min(...extents);

function rankOf(spec: WeightSpec, size: number): number {
  if (size >= 1) return size;
  const rank = size * smallerSide(spec);
  return rank >= RANK_STEP ? RANK_STEP * Math.round(rank / RANK_STEP) : Math.max(1, Math.round(rank));
}
