import { DeviceMemory } from '../../../../kernels/ggml/graphMemory.ts';
import { KeptGraphs } from '../../../models/chorus/network/keptGraphs.ts';
import { SpeechTrainingNetwork, type Rounding, type SpeechNetworkOptions } from './speechNetwork.ts';

/** How many networks for different lengths are kept. It suffices for all lengths up to 15 seconds. */
const KEPT_NETWORKS = 24;

/** Networks for batches of all lengths, in a shared memory of the largest size. They compute one at a time. */
export class SpeechNetworks implements Disposable {
  readonly #kept: KeptGraphs<SpeechTrainingNetwork>;

  /** `options` are common to all networks. */
  constructor(private readonly options: Omit<SpeechNetworkOptions, 'frames' | 'rounding'>) {
    this.#kept = new KeptGraphs(new DeviceMemory(options.parameters.device), KEPT_NETWORKS);
  }

  /** Of all networks together. */
  get computeBytes(): number {
    return this.#kept.memory.sizeBytes;
  }

  /** The network for a length. It is valid until the next call. Throws `AllocationError`. */
  obtain(frames: number, rounding: Rounding): SpeechTrainingNetwork {
    const build = (): SpeechTrainingNetwork => new SpeechTrainingNetwork({ ...this.options, frames, rounding });
    return this.#kept.obtain(`${frames} ${rounding}`, build, build);
  }

  [Symbol.dispose](): void {
    this.#kept[Symbol.dispose]();
  }
}
