import { DeviceMemory } from '../../../../kernels/ggml/graphMemory.ts';
import { KeptGraphs } from '../../../models/chorus/network/keptGraphs.ts';
import { SpeechTrainingNetwork, type Rounding, type SpeechNetworkOptions } from './speechNetwork.ts';

/** Lengths of batches for which networks are kept: of 15 seconds and less all have room. */
const KEPT_NETWORKS = 24;

/**
 * Networks for batches of all lengths, in one memory that is as large as the largest one needs. One is computed at a
 * time.
 */
export class SpeechNetworks implements Disposable {
  readonly #kept: KeptGraphs<SpeechTrainingNetwork>;

  /** `options` are what all have in common. */
  constructor(private readonly options: Omit<SpeechNetworkOptions, 'frames' | 'rounding'>) {
    this.#kept = new KeptGraphs(new DeviceMemory(options.parameters.device), KEPT_NETWORKS);
  }

  /** Of all networks together. */
  get computeBytes(): number {
    return this.#kept.memory.sizeBytes;
  }

  /** The network of a length; it is good until the next is obtained. Throws `AllocationError`. */
  obtain(frames: number, rounding: Rounding): SpeechTrainingNetwork {
    const build = (): SpeechTrainingNetwork => new SpeechTrainingNetwork({ ...this.options, frames, rounding });
    return this.#kept.obtain(`${frames} ${rounding}`, build, build);
  }

  [Symbol.dispose](): void {
    this.#kept[Symbol.dispose]();
  }
}
