import type { UpcycleParams } from '../../../../sidecar/workshop/protocol.ts';

/**
 * A mixture of whole models with soft attention, one network of each used and a cache for each expert, unless `changes`
 * say otherwise.
 */
export function upcycleParams(
  modelPaths: readonly string[],
  outputPath: string,
  changes: Partial<UpcycleParams> = {},
): UpcycleParams {
  return {
    modelPaths,
    outputPath,
    dense: false,
    cache: 'expert',
    expertsUsed: 1,
    gateMode: 'renormalised',
    attention: 'soft',
    interval: 1,
    gates: { kind: 'random', seed: 1 },
    ...changes,
  };
}
