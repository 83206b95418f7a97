import { after, before } from 'node:test';
import { loadNativeKernels, useNativeKernels, type LoadedKernels } from '../../kernels/native/library.ts';

/**
 * Lets ggml multiply in the suite around this call. Sums of our own kernels have another order. A last bit may then
 * round an input to the next number of 8 bits, and all later values differ as much as that rounding costs.
 */
export function onGgmlKernels(): void {
  let kernels: LoadedKernels;
  before(() => {
    kernels = loadNativeKernels();
    useNativeKernels({ missing: 'This test compares with ggml to the last bits.', isFault: false });
  });
  after(() => useNativeKernels(kernels));
}
