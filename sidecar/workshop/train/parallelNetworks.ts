import type { Device } from '../../../kernels/ggml/device.ts';
import { openComputeDevice } from '../../models/computeDevice.ts';
import type { PackedSequence } from './batchStream.ts';
import { seedOf } from './dropout.ts';
import { TrainingNetwork, type TrainingNetworkOptions } from './trainingNetwork.ts';

/** Limited, since each network holds gradients of all weights and the results of all nodes. */
const MOST_NETWORKS = 4;

/**
 * Devices for networks that compute in parallel. On the processor there is a device for each thread, as far as a step
 * has batches for them.
 *
 * Threads that share a graph wait for each other at every node, thousands of times per batch, and some operations use a
 * single thread anyway.
 */
export class NetworkDevices implements Disposable {
  private constructor(readonly all: readonly [Device, ...Device[]]) {}

  /** Throws as `openComputeDevice` does. */
  static async open(
    kind: Device['kind'],
    { threads, batches }: { readonly threads: number; readonly batches: number },
  ): Promise<NetworkDevices> {
    const count = kind === 'cpu' ? Math.max(1, Math.min(threads, batches, MOST_NETWORKS)) : 1;
    const open = (): Promise<Device> => openComputeDevice(kind, { threads: Math.floor(threads / count) });
    return new NetworkDevices([await open(), ...(await Promise.all(Array.from({ length: count - 1 }, open)))]);
  }

  [Symbol.dispose](): void {
    for (const device of this.all) device[Symbol.dispose]();
  }
}

/** A network on each device, with shared parameters. The networks divide the batches of a step. */
export class ParallelNetworks implements Disposable {
  readonly #networks: readonly TrainingNetwork[];

  /** `options` apply to each network. The parameters hold a gradient for each device. */
  constructor(
    readonly options: Omit<TrainingNetworkOptions, 'device' | 'number'>,
    devices: readonly Device[],
  ) {
    this.#networks = devices.map((device, number) => new TrainingNetwork({ ...options, device, number }));
  }

  get computeBytes(): number {
    return this.#networks.reduce((sum, { computeBytes }) => sum + computeBytes, 0);
  }

  /**
   * Like `TrainingNetwork.accumulate`, for any number of batches. The assignment of batches to networks does not depend
   * on their speed, so sums are reproducible. Dropout depends only on `seed` and the batch's index.
   */
  async accumulate(sequences: readonly PackedSequence[], total: number, seed = 0): Promise<number> {
    const size = this.options.sequences;
    const batches = Array.from({ length: Math.ceil(sequences.length / size) }, (_, index) =>
      sequences.slice(index * size, (index + 1) * size),
    );
    const losses = new Array<number>(batches.length);
    await Promise.all(
      this.#networks.map(async (network, number) => {
        for (let index = number; index < batches.length; index += this.#networks.length)
          losses[index] = await network.accumulate(batches[index] as PackedSequence[], total, seedOf(seed, index));
      }),
    );
    return losses.reduce((sum, loss) => sum + loss, 0);
  }

  [Symbol.dispose](): void {
    for (const network of this.#networks) network[Symbol.dispose]();
  }
}
