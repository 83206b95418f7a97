import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import { ownArchitectures } from './architectures/architectures.ts';
import { parseCacheChoice } from './chorus/cache/cacheChoice.ts';
import { openChorusModel } from './chorus/openChorusModel.ts';
import { openFailure } from './chorus/openFailure.ts';
import { openLlamaModel } from './llamaCpp/openLlamaModel.ts';
import type { OpenedModel, OpenRequest } from './openedModel.ts';

/** Prepares an opened model for its first evaluation, which may show that an engine can't run it. */
type Prepare<Prepared> = (opened: OpenedModel) => Promise<Prepared>;

/**
 * Opens and prepares a model: on Chorus's own engine if possible, otherwise with node-llama-cpp and the reason. The
 * user's choice of engine is not overridden. Throws `TroubleError`.
 */
export async function openModel<Prepared>(request: OpenRequest, prepare: Prepare<Prepared>): Promise<Prepared> {
  const { engine } = request.params;
  const keepsAll = parseCacheChoice(request.params.cache ?? 'full').name === 'full';
  if (engine === 'llama') {
    if (!keepsAll)
      throw new TroubleError(
        'invalid-input',
        `llama.cpp keeps the full cache; "${request.params.cache}" needs Chorus's own engine (--engine chorus, or chorus.engine).`,
      );
    return prepared(await openLlamaModel(request), prepare);
  }
  if (engine === 'chorus') return openOwn(request, prepare);
  let reason: TroubleError;
  try {
    return await openOwn(request, prepare);
  } catch (error) {
    if (
      !(error instanceof TroubleError) ||
      request.signal?.aborted ||
      ownArchitectures.has(request.file.shape.architecture)
    )
      throw error;
    reason = error;
  }
  try {
    const opened = await openLlamaModel(request);
    const withoutCache = `llama.cpp keeps the full cache, so "${request.params.cache}" (chorus.cache, --cache) has no effect here. Choose "full", or a model that Chorus's own engine runs with it.`;
    const limits = [
      `llama.cpp runs ${path.basename(request.params.modelPath)}: ${reason.message}`,
      ...(keepsAll ? [] : [withoutCache]),
      ...opened.limits,
    ];
    return await prepared({ ...opened, limits }, prepare);
  } catch (error) {
    // Our own check names the tensor. llama.cpp only says that it could not load the file.
    throw error instanceof TroubleError && error.code === 'invalid-model' && reason.code === 'invalid-model'
      ? reason
      : error;
  }
}

async function openOwn<Prepared>(request: OpenRequest, prepare: Prepare<Prepared>): Promise<Prepared> {
  const opened = await openChorusModel(request);
  try {
    return await prepared(opened, prepare);
  } catch (error) {
    throw openFailure(request, error);
  }
}

async function prepared<Prepared>(opened: OpenedModel, prepare: Prepare<Prepared>): Promise<Prepared> {
  try {
    return await prepare(opened);
  } catch (error) {
    await opened.dispose();
    throw error;
  }
}
