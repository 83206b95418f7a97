import { Device, type DeviceKind } from '../../kernels/ggml/device.ts';
import { TroubleError } from '../common/troubleError.ts';
import { prepareCuda } from './cuda/cudaSupport.ts';

export interface ComputeDeviceOptions {
  readonly threads: number;
  /** Lets this process find CUDA's libraries. Returns a message if something is missing. */
  readonly prepare?: typeof prepareCuda;
}

/**
 * Opens a device for Chorus's own engine, even in a process without node-llama-cpp. Throws `DeviceError`, or
 * `TroubleError` 'engine-failed' if CUDA's libraries must be installed first.
 */
export async function openComputeDevice(
  kind: DeviceKind,
  { threads, prepare = prepareCuda }: ComputeDeviceOptions,
): Promise<Device> {
  const missing = kind === 'cuda' ? await prepare() : undefined;
  if (missing !== undefined) throw new TroubleError('engine-failed', `CUDA can't be used: ${missing}.`);
  return new Device(kind, { threads });
}
