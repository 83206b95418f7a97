/** A process that measures drafting with our engine and prints the speeds as JSON. Started by `extras.ts`. */
import process from 'node:process';
import { Device } from '../../../kernels/ggml/device.ts';
import { addPackageRoot } from '../../../kernels/ggml/libraries.ts';
import { openAlone } from './openAlone.ts';
import { draftingSpeed } from '../draftingSpeed.ts';
import type { AloneOptions } from './aloneProtocol.ts';
import { benchTokens } from './protocol.ts';

const options = JSON.parse(process.argv[2] as string) as AloneOptions;
if (options.packageRoot !== undefined) addPackageRoot(options.packageRoot);
using device = new Device('cpu', { threads: options.threads });
using opened = await openAlone(options, device);
const tokens = benchTokens(options.contextTokens, opened.model.hyperparameters.vocabularySize);
console.log(JSON.stringify(await draftingSpeed(opened, tokens)));
