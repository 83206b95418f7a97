import type { DeviceKind } from '../../kernels/ggml/device.ts';
import './lavapipe.ts';

/**
 * Devices of a test, and resources on them. Processor resources are disposed with this object in reverse order. GPU
 * resources stay until the process ends. The next device would compile all programs again, which takes most of a test's
 * time on lavapipe.
 */
export class HeldResources implements Disposable {
  readonly #resources: Disposable[] = [];

  constructor(private readonly kind: DeviceKind) {}

  use<Resource extends Disposable>(resource: Resource): Resource {
    this.#resources.push(resource);
    return resource;
  }

  [Symbol.dispose](): void {
    if (this.kind !== 'cpu') return;
    for (const resource of this.#resources.splice(0).reverse()) resource[Symbol.dispose]();
  }
}
