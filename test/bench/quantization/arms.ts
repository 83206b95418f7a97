import { DEFAULT_MUON_MOMENTUM, defaultAdamW } from '../../../kernels/optimiser/adamWOptions.ts';
import type { TrainOptions } from '../../../sidecar/train/options.ts';
import type { Domain } from '../small/domains.ts';
import type { SmallSettings } from '../small/smallModels.ts';

/** Small models from scratch, and how long they learn; a step has 1,024 tokens. */
export const settings = {
  sizes: { width: 192, blocks: 4, heads: 4, kvHeads: 4, feedForwardWidth: 512 },
  vocabularyTokens: 4096,
  sequenceTokens: 256,
  batchSequences: 4,
  microSequences: 1,
  steps: 400,
  rate: 4e-3,
  warmUpSteps: 20,
  routerLoss: { balance: 0, z: 0 },
  /** Not asked for here: rounding is measured on `sample`. */
  measured: { chunks: 1, length: 256 },
  sample: { tokens: 8_192, context: 256 },
} as const satisfies SmallSettings & Readonly<Record<string, unknown>>;

/** What all models learn and are measured on, in equal shares. */
export const TEXTS = ['prose', 'typescript'] as const satisfies readonly Domain[];

export interface Arm {
  readonly name: string;
  readonly label: string;
  readonly changes: Partial<TrainOptions>;
}

const muon = { ...defaultAdamW, muonMomentum: DEFAULT_MUON_MOMENTUM };

/** One change each of the recipe, which is first: weight decay 0.1, no dropout, clipping at 1, AdamW. */
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
