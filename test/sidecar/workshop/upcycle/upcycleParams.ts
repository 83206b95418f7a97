import type { UpcycleParams } from '../../../../sidecar/workshop/protocol.ts';

/**
 * By default a mixture with soft attention, in which a single feed-forward expert runs, experts are in every block, and
 * each expert has a cache. `changes` override it.
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
