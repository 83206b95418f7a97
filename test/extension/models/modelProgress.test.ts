import assert from 'node:assert/strict';
import { it } from 'node:test';
import '../documents/support/useFakeVscode.ts';

const { progressMessage } = await import('../../../extension/models/modelProgress.ts');

it('how far a download is, is a share of it only where a server says how much there is', () => {
  assert.match(
    progressMessage({ state: 'downloading', receivedBytes: 5e6, totalBytes: 20e6 }),
    /^25\s?% · 5\D.* \/ 20\D/,
  );
  assert.match(progressMessage({ state: 'downloading', receivedBytes: 5e6, totalBytes: 0 }), /^5\D[^/%]*$/);
});
