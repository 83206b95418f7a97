import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import type { DownloadProgress } from '../../../../sidecar/protocol/client.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { Downloads } from '../../../../sidecar/shelf/download/downloads.ts';
import { DownloadCancelledError } from '../../../../sidecar/shelf/download/errors.ts';
import { modelPath, type ModelDownload } from '../../../../sidecar/shelf/download/downloadModel.ts';
import { tryLockForWriting } from '../../../../sidecar/shelf/download/writeLock.ts';
import { HttpClient } from '../../../../sidecar/common/http/httpClient.ts';
import { modelBytes, ModelServer, stallAfter, whole } from '../modelServer.ts';

it('Downloads counts a joining client at once, even if the only other client leaves meanwhile', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-downloads-'));
  const content = modelBytes();
  await using server = await ModelServer.start(content, stallAfter(100_000), whole);
  const client = await HttpClient.open({ systemCertificates: false }, {});
  const downloads = new Downloads();
  try {
    const first = new AbortController();
    const request = {
      files: [{ url: server.url, sizeBytes: content.length }],
      folder,
      client,
      timing: { retryMs: 5, stallMs: 300 },
    };
    const progress = new EventEmitter<{ half: [] }>();
    const half = once(progress, 'half');
    const onProgress = ({ receivedBytes }: DownloadProgress): void =>
      void (receivedBytes >= 100_000 && progress.emit('half'));
    const leaving = downloads.download({ ...request, onProgress, signal: first.signal }, () => client.close());
    await half;
    const staying = downloads.download(
      { ...request, onProgress: () => undefined, signal: new AbortController().signal },
      async () => {
        first.abort();
        await assert.rejects(leaving, { name: 'AbortError' });
      },
    );
    assert.deepEqual(await readFile((await staying).path), content);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

for (const [how, end, isExpected] of [
  [
    'its model is removed',
    (downloads, { folder, files }) => downloads.cancel(folder, files),
    (error) =>
      error instanceof DownloadCancelledError &&
      /model\.gguf was ended, because the model is removed/.test(error.message),
  ],
  [
    'the process ends',
    (downloads) => downloads.pauseAll(),
    (error) => error instanceof TroubleError && error.code === 'draining',
  ],
] as const satisfies readonly (readonly [
  string,
  (downloads: Downloads, request: Pick<ModelDownload, 'folder' | 'files'>) => Promise<void>,
  (error: unknown) => boolean,
])[]) {
  for (const state of ['running', 'waiting for another process']) {
    it(`Downloads tells the clients of a download that is ${state} when ${how}`, async () => {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-downloads-'));
      const content = modelBytes();
      await using server = await ModelServer.start(content, stallAfter(100_000));
      const client = await HttpClient.open({ systemCertificates: false }, {});
      const downloads = new Downloads();
      const files = [{ url: server.url, sizeBytes: content.length }];
      const lock = state === 'running' ? undefined : await tryLockForWriting(modelPath(folder, files));
      try {
        const began = new EventEmitter<{ began: [] }>();
        const onProgress = (): void => void began.emit('began');
        const waiting = downloads.download(
          { files, folder, client, onProgress, signal: new AbortController().signal },
          () => client.close(),
        );
        const refused = assert.rejects(waiting, isExpected);
        await once(began, 'began');
        await end(downloads, { folder, files });
        await refused;
      } finally {
        await lock?.release();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
}
