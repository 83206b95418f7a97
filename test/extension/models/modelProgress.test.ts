import assert from 'node:assert/strict';
import { it } from 'node:test';
import '../documents/support/useFakeVscode.ts';

const { progressMessage } = await import('../../../extension/models/modelProgress.ts');

it('progressMessage shows a share only if the server reports the total size', () => {
  assert.match(
    progressMessage({ state: 'downloading', receivedBytes: 5e6, totalBytes: 20e6 }),
    /^25\s?% · 5\D.* \/ 20\D/,
  );
  assert.match(progressMessage({ state: 'downloading', receivedBytes: 5e6, totalBytes: 0 }), /^5\D[^/%]*$/);
});
