import { TroubleError } from '../../common/troubleError.ts';
import type { WeightSpec } from '../../models/architectures/architecture.ts';
import type { TrainOptions } from './options.ts';
import { MAX_RANK } from '../../models/adapters/factor.ts';
import { parameterSpec } from './parameterSpecs.ts';
import type { TrainedModel } from './trainedModel.ts';

/** The matrices that are trained by two factors, and how. */
export interface LowRankPlan {
  /** The ranks by the names of the matrices, over all experts. */
  readonly ranks: ReadonlyMap<string, number>;
  /** The factor of the product. */
  readonly factor: number;
  /** Whether the factors are added to frozen weights or replace the weights. */
  readonly isAdapter: boolean;
  /** How many experts share each rank equally, weighed by routers. Absent: there are none. */
  readonly experts?: number;
}

/** Ranks from a share are rounded to multiples of this if possible, since processors multiply these faster. */
const RANK_STEP = 8;

/** The names of a matrix's factors among the parameters. */
export const factorNames = (matrix: string): { readonly down: string; readonly up: string } => ({
  down: `${matrix}.down`,
  up: `${matrix}.up`,
});

/**
 * Plans `lowRank` or `adapter` for a model. Returns `undefined` if neither is set. Matrices whose smaller side is at
 * most the rank stay whole. Throws `TroubleError` 'invalid-input' for contradictory options, and if no matrix is left.
 */
export function planLowRank(
  model: Pick<TrainedModel, 'specs'>,
  options: Pick<TrainOptions, 'lowRank' | 'adapter' | 'export' | 'scratch' | 'freeze' | 'schedule' | 'precision'>,
): LowRankPlan | undefined {
  const { lowRank, adapter } = options;
  const size = lowRank?.size ?? adapter?.rank;
  if (options.export === 'adapter' && !adapter)
    throw new TroubleError(
      'invalid-input',
      'An adapter is written only if one is trained. --export adapter needs --adapter.',
    );
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
      `No matrix can have the rank ${size}. The ${candidates.length} matrices that are not frozen have smaller sides of at most ${largest}.`,
    );
  }
  const experts = adapter?.experts ?? 1;
  const most = experts * Math.max(...ranks.map(([, rank]) => rank));
  if (options.export === 'adapter' && most > MAX_RANK)
    refuse(
      `The factors would have ${most} rows over all experts, and files of adapters have at most ${MAX_RANK}. Choose a smaller --adapter, or fewer --adapter-experts.`,
    );
  return {
    ranks: new Map(ranks.map(([name, rank]) => [name, experts * rank] as const)),
    factor: adapter ? adapter.alpha / adapter.rank : 1,
    isAdapter: adapter !== undefined,
    ...(adapter?.experts === undefined ? {} : { experts: adapter.experts }),
  };
}

/** The blocks with a trained matrix, ascending. Each has a router if there are experts. */
export function plannedBlocks({ ranks }: LowRankPlan): readonly number[] {
  const blocks = [...ranks.keys()].map((name) => Number(name.split('.')[1]));
  return [...new Set(blocks)].sort((a, b) => a - b);
}

function check({
  lowRank,
  adapter,
  scratch,
  schedule,
  precision,
  ...options
}: Pick<TrainOptions, 'lowRank' | 'adapter' | 'export' | 'scratch' | 'schedule' | 'precision'>): void {
  if (lowRank && adapter) refuse('Low-rank weights and an adapter exclude each other. Choose --low-rank or --adapter.');
  if (precision === 'q5' || precision === 'q4')
    refuse(
      `Training for ${precision.slice(1)} bits rounds whole weights, not factors. Leave out --low-rank and --adapter, or choose --precision q8.`,
    );
  if (adapter && scratch)
    refuse("An adapter is added to the weights of a model. --adapter can't be combined with --scratch.");
  if (adapter?.experts !== undefined && options.export !== 'adapter')
    refuse('Experts with routers are no part of a dense model. --adapter-experts needs --export adapter.');
  if (!lowRank) return;
  if (lowRank.init !== 'spectral' && !scratch)
    refuse(`The factors of a model are computed from its weights. --low-rank-init ${lowRank.init} needs --scratch.`);
  if (lowRank.init !== 'spectral' && lowRank.denseSteps > 0)
    refuse(
      `After dense steps, the factors are computed from the weights. --low-rank-init ${lowRank.init} needs a training without dense steps.`,
    );
  if (lowRank.denseSteps >= schedule.totalSteps)
    refuse(
      `All ${schedule.totalSteps} steps would be dense. --low-rank-dense-steps is ${lowRank.denseSteps}, expected fewer than --steps.`,
    );
}

function refuse(why: string): never {
  throw new TroubleError('invalid-input', why);
}

/** Matrices inside blocks, except routers. Experts are stacks of matrices. */
function isHiddenMatrix(spec: WeightSpec): boolean {
  return spec.use === 'matrix' && parameterSpec(spec, { tiedOutput: false }).isHidden === true;
}

const smallerSide = ({ extents }: WeightSpec): number => Math.min(...extents);

function rankOf(spec: WeightSpec, size: number): number {
  if (size >= 1) return size;
  const rank = size * smallerSide(spec);
  return rank >= RANK_STEP ? RANK_STEP * Math.round(rank / RANK_STEP) : Math.max(1, Math.round(rank));
}
