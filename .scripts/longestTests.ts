/**
 * The test files that take most processor time, with their child processes: ten seconds and more, the most first. They
 * start before the others, so that no long file ends alone. The order changes no result.
 */
export const LONGEST_TESTS: readonly string[] = [
  'test/sidecar/cli/cli.test.ts',
  'test/package/openVsx.test.ts',
  // It takes the packages that openVsx.test.ts makes.
  'test/package/package.test.ts',
  'test/sidecar/cli/learn.test.ts',
  'test/sidecar/models/chorus/network/parity.test.ts',
  'test/sidecar/speech/transcribing.test.ts',
  'test/sidecar/models/architectures/chorus.test.ts',
  'test/sidecar/workshop/upcycle/upcycle.test.ts',
  'test/sidecar/models/chorus/network/smolLm2Parity.test.ts',
  'test/sidecar/dictation/dictationService.test.ts',
  'test/sidecar/cli/retrieval.test.ts',
  'test/sidecar/client/launch.test.ts',
  'test/sidecar/front/workspace.test.ts',
  'test/sidecar/models/chorus/chorusEngine.test.ts',
  'test/sidecar/engine/engineProcess.test.ts',
  'test/sidecar/workshop/trim/trim.test.ts',
  'test/sidecar/front/forget.test.ts',
  'test/sidecar/workshop/quantize/quantize.test.ts',
  'test/sidecar/cli/bundledModelNotice.test.ts',
  'test/sidecar/models/chorus/workspaceExperts.test.ts',
  'test/sidecar/cli/assertCache.test.ts',
  'test/sidecar/front/plainClient.test.ts',
  'test/sidecar/models/adapters/adapterParity.test.ts',
  'test/sidecar/models/chorus/cache/tieredCache.test.ts',
  'test/sidecar/remoteServers/sidecar.test.ts',
  'test/sidecar/engine/localEngine.test.ts',
  'test/sidecar/engine/process/hungEngine.test.ts',
  'test/sidecar/models/localEngineOracle.test.ts',
  'test/sidecar/models/chatTemplate/loadedModel.test.ts',
  'test/sidecar/chat/smolLm2.test.ts',
  'test/sidecar/models/chorus/cache/cacheRows.test.ts',
  'test/sidecar/models/adapters/mixtureParity.test.ts',
  'test/bench/contextQuality/chosenSequence.test.ts',
  'test/sidecar/engine/keptContexts.test.ts',
  'test/sidecar/models/chorus/selection/layerMajor.test.ts',
  'test/sidecar/workshop/upcycle/modelDifference.test.ts',
  'test/sidecar/cli/upcycleLowRank.test.ts',
  'test/sidecar/models/adapters/purpose.test.ts',
  'test/sidecar/cli/lspStdio.test.ts',
  'test/sidecar/front/shelf.test.ts',
  'test/sidecar/workshop/upcycle/lowRank.test.ts',
  'test/sidecar/models/adapters/adaptersAndCaches.test.ts',
  'test/sidecar/cli/adapter.test.ts',
  'test/extension/uninstall.test.ts',
  'test/sidecar/models/ggufFuzz.test.ts',
  'test/sidecar/completion/smolLm2.test.ts',
  'test/sidecar/models/chorus/tiers/mixtureTiers.test.ts',
  'test/sidecar/workshop/train/adapterExperts.test.ts',
  'test/sidecar/engine/copyRows.test.ts',
];

/** Returns the files with the longest first. */
export function longestFirst(files: readonly string[]): readonly string[] {
  const first = LONGEST_TESTS.filter((file) => files.includes(file));
  return [...first, ...files.filter((file) => !first.includes(file))];
}
