import path from 'node:path';
import { AllocationError, DeviceError, UnsupportedOpError } from '../../../kernels/ggml/errors.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { OpenRequest } from '../openedModel.ts';

/**
 * Returns the error to report when a model does not open. If ggml, the device or its memory caused it, that is a
 * `TroubleError`, else the error itself.
 */
export function openFailure({ params, signal, device }: OpenRequest, error: unknown): unknown {
  const name = path.basename(params.modelPath);
  if (signal?.aborted) return new TroubleError('engine-failed', `Loading ${name} was cancelled.`, { cause: error });
  if (error instanceof AllocationError)
    return new TroubleError(
      'out-of-memory',
      `${name} does not fit into the memory of ${device.label}: ${error.message}`,
      { cause: error },
    );
  if (error instanceof DeviceError || error instanceof UnsupportedOpError)
    return new TroubleError('unsupported-model', error.message, { cause: error });
  return error;
}
