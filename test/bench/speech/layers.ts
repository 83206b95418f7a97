import { Device } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import { buildEncoder } from '../../../sidecar/speech/architectures/whisper.ts';
import { HOP_SAMPLES, LogMel } from '../../../sidecar/speech/logMel.ts';
import { openSpeechModel } from '../../../sidecar/speech/speechModel.ts';
import { SoundWindow } from '../../../sidecar/speech/soundWindow.ts';
import { WavFile } from '../../../sidecar/speech/wavFile.ts';
import { whisperModel } from '../../reference/whisperModel.ts';

type Type = Parameters<typeof whisperModel>[0];

/** Returns the output of each encoder layer for a recording. */
async function layerOutputs(type: Type, file: string, threads: number): Promise<ReadonlyMap<string, Float32Array>> {
  using device = new Device('cpu', { threads });
  using model = await openSpeechModel(await whisperModel(type), device);
  const { hyperparameters, melFilters } = model.file;
  const frames = 2 * hyperparameters.audioContext;
  const wav = await WavFile.open(file);
  const { samples } = await new SoundWindow({
    sampleRateHz: wav.format.sampleRateHz,
    read: (count) => wav.read(count),
  }).slideTo(0, frames * HOP_SAMPLES);
  await wav.close();
  using spectrum = new LogMel(device, melFilters);
  using graph = new Graph(device);
  using memory = new DeviceMemory(device);
  const mel = graph.input('mel', 'F32', [hyperparameters.melBands, frames]);
  const outputs: [string, Tensor][] = [];
  buildEncoder(
    { graph, weights: model.weights, hyperparameters, onLayer: (name, output) => outputs.push([name, output]) },
    mel,
  );
  for (const [, output] of outputs) graph.expand(output, { read: true });
  graph.allocate(memory);
  write(device, mel, spectrum.compute(samples.subarray(0, samples.length - HOP_SAMPLES)));
  await graph.compute();
  return new Map(outputs.map(([name, output]) => [name, readF32(device, output)]));
}

/**
 * Returns the difference of each layer's output from float32, as a share of its root mean square, over some recordings.
 */
export async function layerErrors(
  types: readonly Type[],
  files: readonly string[],
  threads: number,
): Promise<readonly { readonly layer: string; readonly errors: readonly number[] }[]> {
  const sums = new Map<string, { readonly squares: number[]; total: number }>();
  for (const file of files) {
    const exact = await layerOutputs('F32', file, threads);
    for (const [index, type] of types.entries()) {
      for (const [layer, values] of await layerOutputs(type, file, threads)) {
        let entry = sums.get(layer);
        if (!entry) sums.set(layer, (entry = { squares: types.map(() => 0), total: 0 }));
        const truth = exact.get(layer) as Float32Array;
        values.forEach(
          (value, at) =>
            (entry.squares[index] = (entry.squares[index] as number) + (value - (truth[at] as number)) ** 2),
        );
        if (index === 0) entry.total += truth.reduce((sum, value) => sum + value * value, 0);
      }
    }
  }
  return [...sums].map(([layer, { squares, total }]) => ({
    layer,
    errors: squares.map((square) => Math.sqrt(square / total)),
  }));
}
