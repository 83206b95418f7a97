import type { Device } from '../../../kernels/ggml/device.ts';
import { openNetwork, type OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/network/placement.ts';
import type { AloneOptions } from './aloneProtocol.ts';

/** Opens the model of a process with one engine. */
export function openAlone({ model, contextTokens, experts }: AloneOptions, device: Device): Promise<OpenedNetwork> {
  return openNetwork(model, {
    placement: onOneDevice(device),
    capacityTokens: contextTokens,
    adapters: experts === undefined ? [] : [experts],
  });
}
