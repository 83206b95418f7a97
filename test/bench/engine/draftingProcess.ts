/** A process that measures drafting with our engine and prints the speeds as JSON. Started by `extras.ts`. */
import process from 'node:process';
import { Device } from '../../../kernels/ggml/device.ts';
import { addPackageRoot } from '../../../kernels/ggml/libraries.ts';
import { openNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/network/placement.ts';
import { draftingSpeed } from '../draftingSpeed.ts';
import type { AloneOptions } from './aloneProtocol.ts';
import { benchTokens } from './protocol.ts';

const options = JSON.parse(process.argv[2] as string) as AloneOptions;
if (options.packageRoot !== undefined) addPackageRoot(options.packageRoot);
using device = new Device('cpu', { threads: options.threads });
using opened = await openNetwork(options.model, {
  placement: onOneDevice(device),
  capacityTokens: options.contextTokens,
  adapters: options.experts === undefined ? [] : [options.experts],
});
const tokens = benchTokens(options.contextTokens, opened.model.hyperparameters.vocabularySize);
console.log(JSON.stringify(await draftingSpeed(opened, tokens)));
