import os from 'node:os';
import { availableMemoryBytes } from '../models/availableMemory.ts';
import type { FreeMemory } from '../models/chorus/planModel.ts';
import type { DeviceMemory } from '../protocol/engine.ts';
import type { SidecarStatus } from '../protocol/client.ts';

/** The memory and speed of the machine that models run on. */
export interface Machine extends FreeMemory {
  /** The approximate bytes of weights that the processor and the GPU read in a second while a model writes. */
  readonly mainBytesPerSecond: number;
  readonly gpuBytesPerSecond: number;
}

/** Memory bandwidth of one core, and of all cores together; common values for DDR4 in two channels. */
const CORE_BYTES_PER_SECOND = 6e9;
const MAIN_BYTES_PER_SECOND = 30e9;
/** Memory bandwidth of a mid-range GPU with its own memory, and of a GPU that shares the processor's memory. */
const GPU_BYTES_PER_SECOND = 250e9;
const UNIFIED_BYTES_PER_SECOND = 80e9;

/**
 * Returns the memory and speed of this machine without the loaded model, since another model would replace it. `device`
 * is unknown if no engine could be asked. The loaded model's speed on the processor, if measured, gives the speed of
 * main memory.
 */
export async function describeMachine(
  device: DeviceMemory | undefined,
  status: SidecarStatus,
  loadedBytes: number | undefined,
): Promise<Machine> {
  const isOnGpu = device?.gpu !== undefined;
  const { memoryBytes = 0, deviceMemoryBytes = 0 } = status;
  const gpu = device?.gpu && {
    label: device.label,
    freeBytes: Math.min(device.gpu.totalBytes, device.gpu.freeBytes + deviceMemoryBytes),
    unifiedBytes: device.gpu.unifiedBytes,
  };
  const measured =
    !isOnGpu && status.tokensPerSecond !== undefined && loadedBytes !== undefined
      ? status.tokensPerSecond * loadedBytes
      : 0;
  return {
    mainBytes: (await availableMemoryBytes()) + memoryBytes - deviceMemoryBytes,
    gpu,
    mainBytesPerSecond: Math.max(
      measured,
      Math.min(MAIN_BYTES_PER_SECOND, CORE_BYTES_PER_SECOND * os.availableParallelism()),
    ),
    gpuBytesPerSecond: gpu && gpu.unifiedBytes > 0 ? UNIFIED_BYTES_PER_SECOND : GPU_BYTES_PER_SECOND,
  };
}
