import process from 'node:process';
import { Device, type DeviceKind } from '../../kernels/ggml/device.ts';
import { AdamW } from '../../kernels/training/optimiser/adamW.ts';
import { openNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../sidecar/models/chorus/network/placement.ts';
import { writeInitialValues } from '../../sidecar/workshop/train/initialValues.ts';
import { placeModel } from '../../sidecar/workshop/train/placedModel.ts';
import { modelFromFile } from '../../sidecar/workshop/train/trainedModel.ts';
import { TrainingNetwork } from '../../sidecar/workshop/train/trainingNetwork.ts';
import { compareLogits } from './compareLogits.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const TOKENS = 32;
/**
 * The tolerance of a normalised squared error. Two graphs round differently, and Vulkan devices that report float16
 * multiply matrices in it.
 */
export const TRAINED_LOGITS_TOLERANCE = kind === 'cpu' ? 1e-8 : 1e-5;

/**
 * The normalised squared error between the engine's logits of an F32 file and those of the training network with the
 * same weights.
 */
export async function errorOfTrainedLogits(file: string): Promise<number> {
  using device = new Device(kind, { threads: 1 });
  using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256, cacheType: 'F32' });
  const { vocabularySize } = opened.model.hyperparameters;
  const tokens = Int32Array.from({ length: TOKENS + 1 }, (_, index) => (index * 37 + 5) % vocabularySize);
  const actual = await opened.logits([...tokens.subarray(0, TOKENS)], { chunkTokens: TOKENS });
  using placed = await placeModel(await modelFromFile(file), device, { freeze: [], weightType: 'F32' });
  await writeInitialValues(placed, { seed: 1 });
  using optimiser = new AdamW(placed.parameters);
  await optimiser.refresh();
  using network = new TrainingNetwork({
    ...opened.model,
    parameters: placed.parameters,
    sequences: 1,
    sequenceTokens: TOKENS,
    keepLogits: true,
  });
  await network.accumulate([{ tokens, weights: new Float32Array(TOKENS).fill(1), starts: new Set([0]) }], 1);
  const expected = network.logits();
  const rows = Array.from({ length: TOKENS }, (_, row) =>
    expected.subarray(row * vocabularySize, (row + 1) * vocabularySize),
  );
  return compareLogits(actual, rows, vocabularySize).normalisedSquaredError;
}
