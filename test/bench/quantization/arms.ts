import { DEFAULT_MUON_MOMENTUM, defaultAdamW } from '../../../kernels/training/optimiser/adamWOptions.ts';
import type { TrainOptions } from '../../../sidecar/workshop/train/options.ts';
import { BYTES, type SmallSettings } from '../small/smallModels.ts';

/**
 * The sizes of the small models. A step has only 512 tokens, and a token is a byte, so that the models learn most from
 * few tokens.
 */
export const settings = {
  sizes: { width: 128, blocks: 3, heads: 4, kvHeads: 4, feedForwardWidth: 352 },
  vocabularyTokens: BYTES,
  sequenceTokens: 128,
  batchSequences: 4,
  microSequences: 4,
  steps: 1_600,
  rate: 3e-3,
  warmUpSteps: 60,
  routerLoss: { balance: 0, z: 0 },
  /** The domains of training and measurement, in equal shares. */
  domains: ['typescript', 'python'],
  /** Not used here: rounding is measured on `sample`. */
  measured: { chunks: 1, length: 128 },
  sample: { tokens: 8_192, context: 128 },
} as const satisfies SmallSettings & Readonly<Record<string, unknown>>;

export interface Arm {
  readonly name: string;
  readonly label: string;
  readonly changes: Partial<TrainOptions>;
}

const muon = { ...defaultAdamW, muonMomentum: DEFAULT_MUON_MOMENTUM };

/**
 * The arms. Each makes one change to the recipe, which is first: weight decay 0.1, no dropout, clipping at 1, AdamW.
 */
export const arms: readonly [Arm, ...Arm[]] = [
  { name: 'recipe', label: 'the recipe', changes: {} },
  { name: 'littleDecay', label: 'weight decay 0.001', changes: { optimiser: { ...defaultAdamW, weightDecay: 0.001 } } },
  { name: 'muchDecay', label: 'weight decay 1', changes: { optimiser: { ...defaultAdamW, weightDecay: 1 } } },
  { name: 'dropout', label: 'dropout 0.1', changes: { dropout: 0.1 } },
  { name: 'noClipping', label: 'no clipping', changes: { optimiser: { ...defaultAdamW, clipNorm: 1e9 } } },
  { name: 'muon', label: 'Muon', changes: { optimiser: muon } },
  { name: 'singleScale', label: 'one gain a norm', changes: { singleScaleNorm: true } },
  { name: 'outlierLoss', label: 'loss of outliers, 0.01', changes: { outlierLoss: 0.01 } },
  { name: 'muonSingleScale', label: 'Muon and one gain a norm', changes: { optimiser: muon, singleScaleNorm: true } },
];
