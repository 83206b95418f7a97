import { INSTALL_CUDA_REQUEST } from '../../protocol/client.ts';
import { installCudaSupport } from '../../shelf/installCudaAddOn.ts';
import type { Client } from '../client.ts';
import { installCuda } from '../schemas.ts';
import { throttled } from '../throttled.ts';

/** Downloads and installs NVIDIA's libraries, with the client's network settings. */
export function handleCuda(client: Client): void {
  client.connection.onRequest(INSTALL_CUDA_REQUEST, installCuda, async ({ partialResultToken }, signal) => {
    const report = throttled((progress) =>
      client.connection.progress(INSTALL_CUDA_REQUEST, partialResultToken, progress),
    );
    await installCudaSupport({
      network: client.settings.downloads?.network,
      signal,
      onProgress: (_name, { state, bytes, totalBytes = 0 }) => report({ state, receivedBytes: bytes, totalBytes }),
    });
    return null;
  });
}
