import type { UpcycleParams } from '../../../sidecar/workshop/protocol.ts';
import { DOMAINS, type Domain } from '../small/domains.ts';
import type { SmallSettings } from '../small/smallModels.ts';

/**
 * The sizes of the small models and the training steps of each part. A step has only 512 tokens, so that the models
 * learn most from few tokens.
 */
export const settings = {
  sizes: { width: 128, blocks: 4, heads: 4, kvHeads: 4, feedForwardWidth: 384 },
  vocabularyTokens: 4096,
  sequenceTokens: 128,
  batchSequences: 4,
  microSequences: 4,
  seedSteps: 960,
  branchSteps: 400,
  mixtureSteps: 200,
  seedRate: 3e-3,
  furtherRate: 1.5e-3,
  warmUpSteps: 40,
  /** The share of the seed's text in a branch's training. */
  seedShareOfBranch: 0.1,
  /**
   * With scaled gates a mixture starts with its experts' outputs, and routers learn from the text if one expert runs.
   */
  gateMode: 'scaled',
  /** The length of routers from hidden states. */
  gateScale: 1,
  routerLoss: { balance: 0.01, z: 0.001 },
  domains: DOMAINS,
  measured: { chunks: 64, length: 128 },
} as const satisfies SmallSettings & Readonly<Record<string, unknown>>;

export const BRANCHES = ['typescript', 'python', 'tongues'] as const satisfies readonly Domain[];
/** The experts of a mixture: the seed and its branches. */
export const EXPERTS = ['seed', ...BRANCHES] as const;

export interface MixtureArm {
  readonly name: string;
  readonly label: string;
  /** The joined models (default: the seed and its branches). */
  readonly experts?: readonly string[];
  readonly upcycle: Partial<UpcycleParams>;
  /** The routers (default: random). */
  readonly gates?: 'hidden';
  /**
   * The training steps of the joined model: the same number as all arms, the number with the compute of `btx1`, or
   * none.
   */
  readonly steps: 'same' | 'compute' | 'none';
}

const bam = { dense: false, cache: 'expert', attention: 'soft' } as const;

/** The mixtures made of the same seed and branches. */
export const mixtureArms: readonly MixtureArm[] = [
  { name: 'average', label: 'weight average, untrained', upcycle: { dense: true }, steps: 'none' },
  { name: 'averageTrained', label: 'weight average, trained further', upcycle: { dense: true }, steps: 'same' },
  { name: 'btx1', label: 'BTX, top-1 of 4 experts', upcycle: { attention: 'average' }, steps: 'same' },
  {
    name: 'btx6',
    label: 'BTX, top-3 of 6 experts',
    experts: [...BRANCHES, ...BRANCHES],
    upcycle: { attention: 'average', expertsUsed: 3 },
    steps: 'same',
  },
  { name: 'expertKv', label: 'BAM, Expert-KV', upcycle: bam, steps: 'same' },
  { name: 'sharedKv', label: 'BAM, Shared-KV', upcycle: { ...bam, cache: 'shared' }, steps: 'same' },
  { name: 'expertKvCompute', label: 'BAM, Expert-KV, compute of BTX', upcycle: bam, steps: 'compute' },
  {
    name: 'sharedKvCompute',
    label: 'BAM, Shared-KV, compute of BTX',
    upcycle: { ...bam, cache: 'shared' },
    steps: 'compute',
  },
  { name: 'expertKvTop1', label: 'BAM, Expert-KV, attention top-1', upcycle: { ...bam, attention: 1 }, steps: 'same' },
  { name: 'expertKvTop2', label: 'BAM, Expert-KV, attention top-2', upcycle: { ...bam, attention: 2 }, steps: 'same' },
  {
    name: 'expertKvHidden',
    label: 'BAM, Expert-KV, gates from hidden states',
    upcycle: bam,
    gates: 'hidden',
    steps: 'same',
  },
];

/**
 * Returns the operations of a layer per token, counted as in the paper (arXiv 2408.08274): attention, network and
 * routers.
 */
export function layerOperations({ upcycle, experts = EXPERTS }: MixtureArm): number {
  const { sizes, sequenceTokens } = settings;
  const { width: d, feedForwardWidth } = sizes;
  const count = upcycle.dense ? 1 : experts.length;
  const attending =
    upcycle.dense || upcycle.attention === 'average'
      ? 1
      : typeof upcycle.attention === 'number'
        ? upcycle.attention
        : count;
  const caching = upcycle.cache === 'shared' ? 1 : attending;
  const attention = 4 * attending * d * d + 4 * caching * d * d + 2 * attending * sequenceTokens * d;
  const routers = count > 1 ? 2 * count * d * (upcycle.attention === 'average' ? 1 : 2) : 0;
  return attention + 3 * (upcycle.expertsUsed ?? 1) * d * feedForwardWidth + routers;
}

export function mixtureSteps(arm: MixtureArm): number {
  if (arm.steps === 'none') return 0;
  const reference = mixtureArms.find(({ name }) => name === 'btx1') as MixtureArm;
  return arm.steps === 'same'
    ? settings.mixtureSteps
    : Math.round((settings.mixtureSteps * layerOperations(reference)) / layerOperations(arm));
}
