import { Device, type DeviceKind } from '../../kernels/ggml/device.ts';
import { TroubleError } from '../common/troubleError.ts';
import { prepareCuda } from './cuda/cudaSupport.ts';

export interface ComputeDeviceOptions {
  readonly threads: number;
  /** Lets this process find CUDA's libraries; gives what is missing. */
  readonly prepare?: typeof prepareCuda;
}

/**
 * Opens a device for Chorus's own graphs, also in a process that loads no node-llama-cpp. Throws `DeviceError`, and
 * `TroubleError` 'engine-failed' where CUDA's libraries are to be installed first.
 */
export async function openComputeDevice(
  kind: DeviceKind,
  { threads, prepare = prepareCuda }: ComputeDeviceOptions,
): Promise<Device> {
  const missing = kind === 'cuda' ? await prepare() : undefined;
  if (missing !== undefined) throw new TroubleError('engine-failed', `CUDA can't be used: ${missing}.`);
  return new Device(kind, { threads });
}
