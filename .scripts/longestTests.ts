/**
 * The test files that take longest, the longest first. They start before the others, so that no long file ends alone.
 * Times are in the output of `npm test`. The order changes no result.
 */
export const LONGEST_TESTS: readonly string[] = [
  'test/sidecar/cli/cli.test.ts',
  'test/package/openVsx.test.ts',
  'test/sidecar/models/chorus/network/parity.test.ts',
  'test/sidecar/front/shelf.test.ts',
  'test/sidecar/models/architectures/chorus.test.ts',
  'test/sidecar/front/forget.test.ts',
  // It takes the packages that openVsx.test.ts makes.
  'test/package/package.test.ts',
  'test/sidecar/models/localEngineOracle.test.ts',
  'test/sidecar/cli/bundledModelNotice.test.ts',
  'test/sidecar/cli/learn.test.ts',
  'test/sidecar/cli/adapter.test.ts',
  'test/sidecar/cli/assertCache.test.ts',
  'test/sidecar/workshop/train/mixtures.test.ts',
  'test/sidecar/models/chorus/cache/tieredCache.test.ts',
  'test/sidecar/workshop/upcycle/upcycle.test.ts',
  'test/sidecar/front/plainClient.test.ts',
  'test/sidecar/client/launch.test.ts',
  'test/sidecar/workshop/train/training.test.ts',
  'test/sidecar/engine/engineProcess.test.ts',
  'test/sidecar/speech/transcribing.test.ts',
  'test/sidecar/cli/retrieval.test.ts',
  'test/sidecar/models/chorus/network/smolLm2Parity.test.ts',
  'test/sidecar/remoteServers/sidecar.test.ts',
  'test/sidecar/front/workspace.test.ts',
  'test/sidecar/front/hungEngine.test.ts',
  'test/sidecar/workshop/upcycle/lowRank.test.ts',
  'test/sidecar/dictation/dictationService.test.ts',
  'test/sidecar/workshop/train/badInput.test.ts',
  'test/sidecar/workshop/quantize/quantize.test.ts',
  'test/sidecar/front/cancellation.test.ts',
  'test/sidecar/cli/upcycleLowRank.test.ts',
  'test/sidecar/engine/process/hungEngine.test.ts',
  'test/sidecar/workshop/trim/trim.test.ts',
  'test/sidecar/models/chorus/cache/cacheRows.test.ts',
  'test/sidecar/models/adapters/adapterParity.test.ts',
];

/** Returns the files with the longest first. */
export function longestFirst(files: readonly string[]): readonly string[] {
  const first = LONGEST_TESTS.filter((file) => files.includes(file));
  return [...first, ...files.filter((file) => !first.includes(file))];
}
