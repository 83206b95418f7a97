import type { Device } from '../../../../kernels/ggml/device.ts';
import { DeviceMemory, SplitMemory, type GraphMemory } from '../../../../kernels/ggml/graphMemory.ts';
import type { WeightSpec } from '../../architectures/architecture.ts';
import { blockOf, type Split } from './split.ts';

/** Where the weights and caches of a model are. */
export interface Placement {
  /** The GPU, or the processor alone. */
  readonly device: Device;
  /** The processor, where it shares the model with a GPU. */
  readonly cpu?: Device;
  weightDevice(spec: Pick<WeightSpec, 'name' | 'use'>): Device;
  /** Where what is attended of a block lies. */
  cacheDevice(block: number): Device;
  /** Where a sequence keeps everything of a block; absent where that is what is attended, or beside it. */
  readonly slowTierDevice?: Device;
}

/** Where a sequence keeps all keys and values of a block. */
export const keptOn = (placement: Placement, block: number): Device =>
  placement.slowTierDevice ?? placement.cacheDevice(block);

/** All of a model on one device. */
export function onOneDevice(device: Device): Placement {
  return { device, weightDevice: () => device, cacheDevice: () => device };
}

/** A model shared between a GPU and the processor. */
export function onTwoDevices(gpu: Device, cpu: Device, split: Split): Placement {
  if (split.kind === 'experts')
    return { device: gpu, cpu, weightDevice: ({ use }) => (use === 'experts' ? cpu : gpu), cacheDevice: () => gpu };
  const deviceOf = (block: number): Device => (block < split.firstGpuBlock ? cpu : gpu);
  return { device: gpu, cpu, weightDevice: ({ name }) => deviceOf(blockOf(name) ?? Infinity), cacheDevice: deviceOf };
}

/** The same, but that sequences keep everything in main memory, and on the GPU what is attended of it alone. */
export function withSlowTierOn(cpu: Device, placement: Placement): Placement {
  return { ...placement, cpu, slowTierDevice: cpu };
}

/** Memory for graphs that run where a placement says. */
export function graphMemoryOn({ device, cpu }: Placement): GraphMemory {
  return cpu ? new SplitMemory(device, cpu) : new DeviceMemory(device);
}
