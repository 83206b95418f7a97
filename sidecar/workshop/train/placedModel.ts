import type { LowRankMatrix } from '../../../kernels/blocks/lowRank.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import {
  Parameters,
  type Parameter,
  type ParameterSpec,
  type WeightType,
} from '../../../kernels/training/optimiser/parameters.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { routerName } from '../../models/adapters/expertMixture.ts';
import type { WeightSpec } from '../../models/architectures/architecture.ts';
import type { LowRankMixture } from '../../models/architectures/weightTable.ts';
import { loadFastFrozen, loadPlainFrozen, type FrozenWeights } from './frozenWeights.ts';
import { factorNames, plannedBlocks, type LowRankPlan } from './lowRankPlan.ts';
import { parameterSpec } from './parameterSpecs.ts';
import type { TrainedModel } from './trainedModel.ts';

export interface PlaceOptions {
  readonly freeze: readonly RegExp[];
  readonly weightType: WeightType;
  /** How many networks write gradients at the same time. Default: 1. */
  readonly networks?: number;
  readonly plan?: LowRankPlan;
  /** Norms have a single gain each. */
  readonly singleScaleNorm?: boolean;
}

/** A model's weights on a device: trained weights, zero until they are written, and frozen weights from the file. */
export class PlacedModel implements Disposable {
  constructor(
    readonly model: TrainedModel,
    readonly parameters: Parameters,
    readonly frozen: FrozenWeights | undefined,
    readonly plan: LowRankPlan | undefined,
  ) {}

  /** The factors of a matrix. Throws if the plan has no rank for it. */
  factors(matrix: string): { readonly down: Parameter; readonly up: Parameter } {
    const names = factorNames(matrix);
    const named = (name: string): Parameter => {
      const found = this.parameters.all.find(({ spec }) => spec.name === name);
      if (!found) throw new Error(`${matrix} is not trained by factors.`);
      return found;
    };
    return { down: named(names.down), up: named(names.up) };
  }

  /** The router of a block. Throws if no experts are trained there. */
  router(block: number): Parameter {
    const found = this.parameters.all.find(({ spec }) => spec.name === routerName(block));
    if (!found) throw new Error(`Block ${block} has no router.`);
    return found;
  }

  /** The low-rank matrices that networks read in place of whole matrices. */
  get lowRank(): ReadonlyMap<string, LowRankMatrix> {
    return this.plan?.experts === undefined ? this.#matrices : new Map();
  }

  /** The low-rank experts that change matrices, and their routers. */
  get mixture(): LowRankMixture | undefined {
    const { plan } = this;
    if (plan?.experts === undefined) return undefined;
    const { experts } = plan;
    return {
      matrices: this.#matrices,
      routers: new Map(
        plannedBlocks(plan).map((block) => [
          block,
          { router: this.router(block).forward, experts, gateMode: 'renormalised' },
        ]),
      ),
      attention: new Map(),
    };
  }

  get #matrices(): ReadonlyMap<string, LowRankMatrix> {
    const { ranks = new Map<string, number>(), factor = 1, isAdapter = false } = this.plan ?? {};
    return new Map(
      [...ranks.keys()].map((name) => {
        const { down, up } = this.factors(name);
        return [
          name,
          { base: isAdapter ? this.frozen?.tensors.get(name) : undefined, down: down.forward, up: up.forward, factor },
        ];
      }),
    );
  }

  /** The frozen weights. */
  get constant(): ReadonlyMap<string, Tensor> | undefined {
    return this.frozen?.tensors;
  }

  /** Transposed copies of frozen matrices. */
  get transposes(): ReadonlyMap<Tensor, Tensor> | undefined {
    return this.frozen?.transposes;
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
    this.frozen?.[Symbol.dispose]();
  }
}

/**
 * Allocates a model's weights on a device. Weights that match `freeze`, or all with an adapter, keep the type of the
 * file; the rest are F32. Throws `TroubleError` if nothing is left to train.
 */
export async function placeModel(
  model: TrainedModel,
  device: Device,
  { freeze, weightType, networks, plan, singleScaleNorm }: PlaceOptions,
): Promise<PlacedModel> {
  const isFrozen = ({ name }: WeightSpec): boolean =>
    name === 'rope_freqs.weight' || plan?.isAdapter === true || freeze.some((pattern) => pattern.test(name));
  const frozenSpecs = model.specs.filter(isFrozen);
  const homeless = frozenSpecs.find(({ name }) => !model.tensors.has(name));
  if (homeless)
    throw new TroubleError('invalid-input', `${homeless.name} can't be frozen, since its values would be random.`);
  const tiedOutput = !model.specs.some(({ name }) => name === 'output.weight');
  const trained = model.specs.flatMap((spec): ParameterSpec[] => {
    const rank = plan?.ranks.get(spec.name);
    if (rank !== undefined) return factorSpecs(spec, rank, { inFloat32: plan?.isAdapter === true });
    return isFrozen(spec) ? [] : [parameterSpec(spec, { tiedOutput, singleScaleNorm })];
  });
  if (plan?.experts !== undefined) trained.push(...routerSpecs(model, plan, plan.experts));
  if (trained.length === 0)
    throw new TroubleError('invalid-input', `All ${model.specs.length} tensors are frozen: there is nothing to train.`);
  const isFast = plan?.isAdapter === true && device.kind === 'cpu' && weightType !== 'F32';
  const parameters = new Parameters(device, trained, weightType, { networks, scalesGradients: isFast });
  try {
    const load = isFast ? loadFastFrozen : loadPlainFrozen;
    const frozen = frozenSpecs.length > 0 ? await load(device, frozenSpecs, model.tensors) : undefined;
    return new PlacedModel(model, parameters, frozen, plan);
  } catch (error) {
    parameters[Symbol.dispose]();
    throw error;
  }
}

/** An adapter's ranks are so small that rounded factors are slower than factors in float32. */
function factorSpecs(
  { name, extents }: WeightSpec,
  rank: number,
  { inFloat32 }: { readonly inFloat32: boolean },
): ParameterSpec[] {
  const [columns, rows] = extents as [number, number];
  const names = factorNames(name);
  const common = { decays: true, isMatrix: true, inFloat32 };
  return [
    { ...common, name: names.down, extents: [columns, rank], factor: { matrix: name, side: 'down' } },
    { ...common, name: names.up, extents: [rank, rows], factor: { matrix: name, side: 'up' } },
  ];
}

/** Routers are as precise as factors. */
function routerSpecs(
  { hyperparameters: { width } }: TrainedModel,
  plan: LowRankPlan,
  experts: number,
): ParameterSpec[] {
  return plannedBlocks(plan).map((block) => ({
    name: routerName(block),
    extents: [width, experts + 1],
    decays: true,
    isMatrix: true,
    inFloat32: true,
  }));
}
