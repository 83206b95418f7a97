import type { Device } from '../../../../kernels/ggml/device.ts';
import { DeviceMemory, SplitMemory, type GraphMemory } from '../../../../kernels/ggml/graphMemory.ts';
import type { WeightSpec } from '../../architectures/architecture.ts';
import { blockOf, type Split } from './split.ts';

/** The devices of a model's weights and caches. */
export interface Placement {
  /** The GPU, or the processor if there is none. */
  readonly device: Device;
  /** The processor, if it shares the model with a GPU. */
  readonly cpu?: Device;
  weightDevice(spec: Pick<WeightSpec, 'name' | 'use'>): Device;
  /** The device of the rows that a block attends. */
  cacheDevice(block: number): Device;
  /** The device of all rows of a sequence, if attended rows are copied from there to another device. */
  readonly slowTierDevice?: Device;
}

/** Returns the device that has all keys and values of a block. */
export const keptOn = (placement: Placement, block: number): Device =>
  placement.slowTierDevice ?? placement.cacheDevice(block);

/** Places all of a model on one device. */
export function onOneDevice(device: Device): Placement {
  return { device, weightDevice: () => device, cacheDevice: () => device };
}

/** Places a model on a GPU and the processor. */
export function onTwoDevices(gpu: Device, cpu: Device, split: Split): Placement {
  if (split.kind === 'experts')
    return { device: gpu, cpu, weightDevice: ({ use }) => (use === 'experts' ? cpu : gpu), cacheDevice: () => gpu };
  const deviceOf = (block: number): Device => (block < split.firstGpuBlock ? cpu : gpu);
  return { device: gpu, cpu, weightDevice: ({ name }) => deviceOf(blockOf(name) ?? Infinity), cacheDevice: deviceOf };
}

/** Returns the same placement, but sequences keep all rows in main memory, and only attended rows are on the GPU. */
export function withSlowTierOn(cpu: Device, placement: Placement): Placement {
  return { ...placement, cpu, slowTierDevice: cpu };
}

/** Returns memory for graphs that run on a placement's devices. */
export function graphMemoryOn({ device, cpu }: Placement): GraphMemory {
  return cpu ? new SplitMemory(device, cpu) : new DeviceMemory(device);
}
