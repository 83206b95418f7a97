import { createHash } from 'node:crypto';
import type { Corpus } from './corpus.ts';
import type { TrainOptions } from './options.ts';
import type { TrainedModel } from './trainedModel.ts';

/** Part of the fingerprint, since a training can't be resumed if sequences come in another order. */
const SEQUENCE_ORDER = 'pieces';

/**
 * A digest of all options that must stay the same to resume. The schedule may change, so that a training can be
 * extended.
 */
export function fingerprintOf(options: TrainOptions, model: TrainedModel, corpus: Corpus): string {
  const {
    scratch,
    sequenceTokens,
    batchSequences,
    microSequences,
    precision,
    lowRank,
    adapter,
    teacher,
    freeze,
    optimiser,
    routerLoss,
    fimShare,
    fimLoss,
    fimSuffixMark,
    fimPrefixMark,
    seed,
  } = options;
  // Options with default values are left out, so that checkpoints from before these options stay usable.
  const [dropout, singleScaleNorm, outlierLoss] = [
    options.dropout || undefined,
    options.singleScaleNorm || undefined,
    options.outlierLoss || undefined,
  ];
  const fimWeight = options.fimWeight === 1 ? undefined : options.fimWeight;
  const fimMarks = options.fimMarks === 'none' ? undefined : options.fimMarks;
  const same = {
    dropout,
    singleScaleNorm,
    outlierLoss,
    scratch,
    sequenceTokens,
    batchSequences,
    microSequences,
    precision,
    lowRank,
    adapter,
    teacher,
    freeze,
    optimiser,
    routerLoss,
    fimShare,
    fimLoss,
    fimWeight,
    fimMarks,
    fimSuffixMark,
    fimPrefixMark,
    seed,
  };
  const weights = model.specs.map(({ name, extents }) => [name, ...extents]);
  return createHash('sha256')
    .update(JSON.stringify([model.architecture.name, weights, corpus.fingerprint, SEQUENCE_ORDER, same]))
    .digest('hex');
}
