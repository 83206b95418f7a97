import type { Machine } from '../../../../../sidecar/shelf/machine.ts';

/** What plans of fuzzed catalogues are made for. */
export const machine: Machine = {
  mainBytes: 16e9,
  gpu: { label: 'GPU', freeBytes: 8e9, unifiedBytes: 0 },
  mainBytesPerSecond: 30e9,
  gpuBytesPerSecond: 250e9,
};
