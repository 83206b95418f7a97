import type { Device } from '../../../../kernels/ggml/device.ts';
import { AllocationError } from '../../../../kernels/ggml/errors.ts';
import { SequenceMemoryError } from '../../backend.ts';

/**
 * Takes memory of a device for one sequence. Throws `SequenceMemoryError` if the device has none; other sequences may
 * still have theirs.
 */
export function takeSequenceMemory<Taken>(device: Device, take: () => Taken): Taken {
  try {
    return take();
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throw new SequenceMemoryError(
      `There is no memory for one more context on ${device.description}: ${error.message}`,
      { cause: error },
    );
  }
}
