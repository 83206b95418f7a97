import type { DeviceKind } from '../../kernels/ggml/device.ts';
import './lavapipe.ts';

/**
 * Devices of a test, and what is on them. The processor's are disposed with this, the last first. A GPU's stay until
 * the process ends: for the next one all programs would be made anew, which takes lavapipe most of a test's time.
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
