import type { LowRankOptions } from '../../../sidecar/workshop/train/options.ts';
import { BYTES, type SmallSettings } from '../small/smallModels.ts';

/**
 * The sizes of the small models. Blocks have most of the weights. A step has only 512 tokens, and a token is a byte, so
 * that the models learn most from few tokens.
 */
export const settings = {
  /** Ranks are multiples of 32, which processors multiply fastest. */
  sizes: { width: 128, blocks: 3, heads: 4, kvHeads: 4, feedForwardWidth: 384 },
  vocabularyTokens: BYTES,
  sequenceTokens: 128,
  batchSequences: 4,
  microSequences: 4,
  steps: 800,
  warmUpSteps: 40,
  denseShare: 0.25,
  /** The rates to try, with the first seed and fewer steps. */
  rates: [1.5e-3, 3e-3, 6e-3],
  sweepSteps: 300,
  routerLoss: { balance: 0, z: 0 },
  domains: ['typescript', 'python'],
  measured: { chunks: 64, length: 128 },
} as const satisfies SmallSettings & Readonly<Record<string, unknown>>;

export const FRACTIONS = [0.25, 0.5] as const;
const INITS = ['he', 'spectral', 'spectral-ones'] as const;
const DECAYS = ['l2', 'frobenius'] as const;

export interface Arm {
  readonly name: string;
  /** Absent for whole matrices. */
  readonly lowRank?: LowRankOptions;
  /** The quantity that equals the dense model's. */
  readonly equal: 'tokens' | 'operations';
}

export const dense: Arm = { name: 'dense', equal: 'tokens' };

/** Arms that have their own rate. */
export const rateGroups: readonly Arm[] = [
  dense,
  ...FRACTIONS.flatMap((size) =>
    INITS.map((init): Arm => ({
      name: `${init}-${size}`,
      lowRank: { size, init, decay: 'frobenius', denseSteps: 0 },
      equal: 'tokens',
    })),
  ),
];

const factored = (equal: Arm['equal']): readonly Arm[] =>
  FRACTIONS.flatMap((size) =>
    INITS.flatMap((init) =>
      DECAYS.map((decay): Arm => ({
        name: `${init}-${size}-${decay}-${equal}`,
        lowRank: { size, init, decay, denseSteps: 0 },
        equal,
      })),
    ),
  );

export const arms: readonly Arm[] = [
  dense,
  ...factored('tokens'),
  ...factored('operations'),
  ...FRACTIONS.map((size): Arm => ({
    name: `warm-${size}`,
    lowRank: {
      size,
      init: 'spectral',
      decay: 'frobenius',
      denseSteps: Math.round(settings.denseShare * settings.steps),
    },
    equal: 'tokens',
  })),
];

/** Returns the group that determines an arm's rate. Decomposed dense models begin with the dense rate. */
export function rateGroup({ lowRank }: Arm): string {
  return lowRank === undefined || lowRank.denseSteps > 0 ? dense.name : `${lowRank.init}-${lowRank.size}`;
}

/**
 * Returns the multiplications and additions of a forward pass per token: products with weights, scores and values over
 * half the sequence, and the output.
 */
export function operations({ lowRank }: Pick<Arm, 'lowRank'>): number {
  const { sizes, vocabularyTokens, sequenceTokens } = settings;
  const { width, feedForwardWidth, blocks } = sizes;
  const weights = (columns: number, rows: number): number =>
    lowRank ? lowRank.size * Math.min(columns, rows) * (columns + rows) : columns * rows;
  const block = 4 * weights(width, width) + 3 * weights(width, feedForwardWidth);
  return 2 * (blocks * block + width * vocabularyTokens) + blocks * 2 * sequenceTokens * width;
}

export function stepsOf(arm: Arm): number {
  return arm.equal === 'tokens' ? settings.steps : Math.round((settings.steps * operations(dense)) / operations(arm));
}
