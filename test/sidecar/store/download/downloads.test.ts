import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import type { DownloadProgress } from '../../../../sidecar/protocol/client.ts';
import { Downloads } from '../../../../sidecar/store/download/downloads.ts';
import { HttpClient } from '../../../../sidecar/store/network/httpClient.ts';
import { modelBytes, ModelServer, stallAfter, whole } from '../modelServer.ts';

it('a client that joins a download is counted at once, also where the only other one leaves while its own connection is closed', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-downloads-'));
  const content = modelBytes();
  await using server = await ModelServer.start(content, stallAfter(100_000), whole);
  const client = await HttpClient.open({ systemCertificates: false }, {});
  const downloads = new Downloads();
  try {
    const first = new AbortController();
    const request = { files: [{ url: server.url, sizeBytes: content.length }], folder, client, timing: { retryMs: 5, stallMs: 300 } };
    const progress = new EventEmitter<{ half: [] }>();
    const half = once(progress, 'half');
    const onProgress = ({ receivedBytes }: DownloadProgress): void => void (receivedBytes >= 100_000 && progress.emit('half'));
    const leaving = downloads.download({ ...request, onProgress, signal: first.signal }, () => client.close());
    await half;
    const staying = downloads.download({ ...request, onProgress: () => undefined, signal: new AbortController().signal }, async () => {
      first.abort();
      await assert.rejects(leaving, { name: 'AbortError' });
    });
    assert.deepEqual(await readFile((await staying).path), content);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
