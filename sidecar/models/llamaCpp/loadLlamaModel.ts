import { InsufficientMemoryError, type LlamaModel, type LlamaModelOptions } from 'node-llama-cpp';
import path from 'node:path';
import { countNativeCall } from '../../../kernels/ggml/nativeCalls.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { ownArchitectures } from '../architectures/architectures.ts';
import type { TokenizerFile } from '../modelFile.ts';
import type { OpenRequest } from '../openedModel.ts';
import { noteFailedLoad } from './closeLlama.ts';

/** The parts of an open request that loading needs. For a vocabulary the file need not be a whole model. */
export interface LoadRequest extends Pick<OpenRequest, 'params' | 'device' | 'signal' | 'logLines'> {
  readonly file: TokenizerFile;
}

/** Loads a model with node-llama-cpp. With `vocabOnly` the architecture may be unknown to it. Throws `TroubleError`. */
export async function loadLlamaModel(
  request: LoadRequest,
  options: Omit<LlamaModelOptions, 'modelPath'>,
): Promise<LlamaModel> {
  const isOwn = ownArchitectures.has(request.file.shape.architecture);
  if (isOwn && !options.vocabOnly) throw ownEngineOnly(request);
  // A vocabulary does not depend on the architecture, but llama.cpp reads none from a file with an unknown
  // architecture.
  const metadataOverrides = isOwn
    ? ({ general: { architecture: 'llama' } } as object as LlamaModelOptions['metadataOverrides'])
    : undefined;
  try {
    return await countNativeCall(() =>
      request.device.llama.loadModel({
        ...options,
        metadataOverrides,
        modelPath: request.params.modelPath,
        loadSignal: request.signal,
      }),
    );
  } catch (error) {
    noteFailedLoad(request.device.llama);
    if (request.signal?.aborted)
      throw new TroubleError('engine-failed', `Loading ${path.basename(request.params.modelPath)} was cancelled.`, {
        cause: error,
      });
    throw loadFailure(request, error);
  }
}

function ownEngineOnly({ params, file }: LoadRequest): TroubleError {
  const name = path.basename(params.modelPath);
  return new TroubleError(
    'unsupported-model',
    `${name} has the architecture "${file.shape.architecture}", which only Chorus's own engine runs. Choose the engine "chorus" or "auto".`,
  );
}

/** Builds the error of a failed native load from the library's log. */
export function loadFailure(request: LoadRequest, error: unknown): TroubleError {
  const name = path.basename(request.params.modelPath);
  const lines = request.logLines();
  const detail = lines.join('\n') || undefined;
  const unknown = lines
    .map((line) => /unknown model architecture: '([^']*)'/.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (unknown !== undefined)
    return new TroubleError(
      'unsupported-model',
      `${name} has the architecture "${unknown}", which this engine doesn't know.`,
      { cause: error, detail },
    );
  if (error instanceof InsufficientMemoryError)
    return new TroubleError('out-of-memory', `${name} doesn't fit into memory: ${error.message}`, {
      cause: error,
      detail,
    });
  return new TroubleError(
    'invalid-model',
    `${name} can't be loaded: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error, detail },
  );
}
