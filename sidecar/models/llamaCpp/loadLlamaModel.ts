import { InsufficientMemoryError, type LlamaModel, type LlamaModelOptions } from 'node-llama-cpp';
import path from 'node:path';
import { countNativeCall } from '../../../kernels/ggml/nativeCalls.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { ownArchitectures } from '../architectures/architectures.ts';
import type { TokenizerFile } from '../modelFile.ts';
import type { OpenRequest } from '../openedModel.ts';

/** What loading needs of a request to open; for a vocabulary the file need not be a whole model. */
export interface LoadRequest extends Pick<OpenRequest, 'params' | 'device' | 'signal' | 'logLines'> {
  readonly file: TokenizerFile;
}

/**
 * Loads a model with node-llama-cpp; with `vocabOnly` also one whose architecture it doesn't know. Throws
 * `TroubleError`.
 */
export async function loadLlamaModel(
  request: LoadRequest,
  options: Omit<LlamaModelOptions, 'modelPath'>,
): Promise<LlamaModel> {
  const isOwn = ownArchitectures.has(request.file.shape.architecture);
  if (isOwn && !options.vocabOnly) throw ownEngineOnly(request);
  // A vocabulary doesn't depend on the architecture, but llama.cpp reads none from a file of an architecture that it
  // doesn't know.
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
    `${name} has the architecture "${file.shape.architecture}", which only Chorus's own engine runs: choose the engine "chorus" or "auto".`,
  );
}

/** What the user is told of a native load that failed, from the library's log. */
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
