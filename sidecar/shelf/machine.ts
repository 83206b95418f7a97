import os from 'node:os';
import { availableMemoryBytes } from '../models/availableMemory.ts';
import type { FreeMemory } from '../models/chorus/planModel.ts';
import type { DeviceMemory } from '../protocol/engine.ts';
import type { SidecarStatus } from '../protocol/client.ts';

/** What models run on here. */
export interface Machine extends FreeMemory {
  /** Bytes of weights that the processor and the GPU read in a second while a model writes; about. */
  readonly mainBytesPerSecond: number;
  readonly gpuBytesPerSecond: number;
}

/** Of memory that one core reads, and that all together read: common for DDR4 in two channels. */
const CORE_BYTES_PER_SECOND = 6e9;
const MAIN_BYTES_PER_SECOND = 30e9;
/** Of a GPU with memory of its own in the middle of the range, and of one that shares the processor's. */
const GPU_BYTES_PER_SECOND = 250e9;
const UNIFIED_BYTES_PER_SECOND = 80e9;

/**
 * Memory and speed of this machine as they would be without the model that is loaded, which another one would replace.
 * `device` is unknown where no engine could be asked. Where the loaded model's speed was measured on the processor, it
 * says how fast main memory is.
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
