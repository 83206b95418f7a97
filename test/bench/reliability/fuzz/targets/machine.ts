import type { Machine } from '../../../../../sidecar/shelf/machine.ts';

/** The machine for plans of fuzzed catalogues. */
export const machine: Machine = {
  mainBytes: 16e9,
  gpu: { label: 'GPU', freeBytes: 8e9, unifiedBytes: 0 },
  mainBytesPerSecond: 30e9,
  gpuBytesPerSecond: 250e9,
};
