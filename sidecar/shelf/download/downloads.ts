import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import type { DownloadProgress, DownloadResult } from '../../protocol/client.ts';
import type { CatalogueFile } from '../catalogue/schema.ts';
import { downloadModel, modelPath, type ModelDownload } from './downloadModel.ts';
import { DownloadCancelledError } from './errors.ts';

interface Running {
  readonly result: Promise<DownloadResult>;
  readonly abort: AbortController;
  readonly listeners: Set<(progress: DownloadProgress) => void>;
  last: DownloadProgress | undefined;
}

/**
 * The downloads of this process. Clients that request the same model share a download. It pauses when the last client
 * leaves.
 */
export class Downloads {
  readonly #running = new Map<string, Running>();

  /**
   * Downloads a model as `downloadModel` does. `dispose` is called when the download itself ends; other clients may
   * keep it running longer.
   */
  async download(request: ModelDownload, dispose: () => Promise<void>): Promise<DownloadResult> {
    const key = modelPath(request.folder, request.files);
    const running = this.#running.get(key);
    const shared =
      running && !running.abort.signal.aborted ? running : this.#start(key, request, running?.result, dispose);
    // The client joins before anything is awaited, since the last other client might leave meanwhile.
    const [result] = await Promise.all([this.#join(shared, request), shared === running ? dispose() : undefined]);
    return result;
  }

  /** Returns whether the model whose first file is `targetPath` is being downloaded. */
  isRunning(targetPath: string): boolean {
    return this.#running.has(targetPath);
  }

  /**
   * Ends a download because its files will be removed. Its clients get a `DownloadCancelledError`. Resolves when the
   * download has closed its files.
   */
  async cancel(folder: string, files: readonly CatalogueFile[]): Promise<void> {
    const target = modelPath(folder, files);
    const running = this.#running.get(target);
    running?.abort.abort(
      new DownloadCancelledError(`The download of ${path.basename(target)} was ended, because the model is removed.`),
    );
    await running?.result.catch(() => undefined);
  }

  /**
   * Pauses all downloads because this process ends. Clients may ask its successor. Resolves when all received bytes are
   * on disk.
   */
  async pauseAll(): Promise<void> {
    const all = [...this.#running.values()];
    for (const { abort } of all)
      abort.abort(new TroubleError('draining', 'Chorus ends here. What was downloaded is kept.'));
    await Promise.allSettled(all.map(({ result }) => result));
  }

  #start(
    key: string,
    request: ModelDownload,
    before: Promise<DownloadResult> | undefined,
    dispose: () => Promise<void>,
  ): Running {
    const abort = new AbortController();
    const listeners = new Set<(progress: DownloadProgress) => void>();
    const onProgress = (progress: DownloadProgress): void => {
      running.last = progress;
      for (const listener of listeners) listener(progress);
    };
    const work = async (): Promise<DownloadResult> => {
      // A download of the same model that is just being paused must close its files first.
      await before?.catch(() => undefined);
      try {
        return await downloadModel({ ...request, signal: abort.signal, onProgress });
      } catch (error) {
        // The abort caused this error, so the reason of the abort is thrown instead.
        abort.signal.throwIfAborted();
        throw error;
      } finally {
        await dispose();
        if (this.#running.get(key) === running) this.#running.delete(key);
      }
    };
    const running: Running = { result: work(), abort, listeners, last: undefined };
    running.result.catch(() => undefined);
    this.#running.set(key, running);
    return running;
  }

  async #join(running: Running, { onProgress, signal }: ModelDownload): Promise<DownloadResult> {
    // A wrapper of its own, since two requests may pass the same function.
    const listener = (progress: DownloadProgress): void => onProgress(progress);
    running.listeners.add(listener);
    if (running.last) listener(running.last);
    let leave: (() => void) | undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason as Error);
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      return await Promise.race([running.result, left]);
    } finally {
      if (leave) signal.removeEventListener('abort', leave);
      running.listeners.delete(listener);
      if (running.listeners.size === 0) {
        running.abort.abort();
        // A client may ask for the state of the download as soon as it is paused.
        await running.result.catch(() => undefined);
      }
    }
  }
}
