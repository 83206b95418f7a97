import path from 'node:path';
import { gridOf, roundToGrid } from '../../../kernels/blocks/roundToGrid.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { contiguous, view } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/network/placement.ts';
import { loadWeights } from '../../../sidecar/models/chorus/network/weights.ts';
import {
  buildCrossKeys,
  buildDecoder,
  buildEncoder,
  DOWNSAMPLING,
  precedingTokens,
  speechTransformerWeights,
  type SpeechTransformerContext,
} from '../../../sidecar/speech/architectures/speechTransformer.ts';
import { openSpectrum } from '../../../sidecar/speech/speechFeatures.ts';
import { readSpeechTransformerFile } from '../../../sidecar/speech/speechTransformerFile.ts';
import { utteranceMel } from '../../../sidecar/workshop/train/speech/speechCorpus.ts';
import { readList, type Recording } from './corpus.ts';

/** The layers by the place of the next product. Its input before rounding is the layer's output. */
const LAYERS: Readonly<Record<string, string>> = {
  'encoder.conv.1': 'first convolution of the encoder',
  'encoder.conv.2': 'second',
  'encoder.conv.3': 'third',
  'encoder.input': 'fourth',
  'encoder.blk.0.attn_q': 'its output on the width, after a norm',
  'encoder.blk.1.attn_q': 'first block of the encoder, after a norm',
  'decoder.blk.0.cross_k': "second, and the encoder's last norm",
  'decoder.conv.1': 'first convolution of the decoder',
  'decoder.blk.0.attn_q': 'second, after a norm',
  'decoder.blk.1.attn_q': 'first block of the decoder, after a norm',
  'decoder.output': "second, and the decoder's last norm",
};
const LOGITS = 'logits';

export interface LayerError {
  readonly layer: string;
  /** The root mean square of the difference from float32, as a share of that of the output. */
  readonly error: number;
}

/**
 * Returns the difference of each layer of a fully quantised model from its float model, over recordings of a list. The
 * decoder is given their texts. Only for convolutional positions.
 */
export async function layerErrors(
  models: { readonly float: string; readonly eightBit: string },
  list: string,
  count: number,
): Promise<readonly LayerError[]> {
  const recordings = (await readList(list)).slice(0, count);
  const [exact, rounded] = [
    await layerOutputs(models.float, list, recordings),
    await layerOutputs(models.eightBit, list, recordings),
  ];
  return [...Object.entries(LAYERS), [LOGITS, 'logits'] as const].map(([place, layer]) => {
    let [difference, total] = [0, 0];
    exact.forEach((outputs, recording) => {
      const other = rounded[recording]?.get(place) as Float32Array;
      (outputs.get(place) as Float32Array).forEach((value, index) => {
        difference += (value - (other[index] as number)) ** 2;
        total += value ** 2;
      });
    });
    return { layer, error: Math.sqrt(difference / total) };
  });
}

/** Returns for each recording the inputs of all places. */
async function layerOutputs(
  model: string,
  list: string,
  recordings: readonly Recording[],
): Promise<readonly ReadonlyMap<string, Float32Array>[]> {
  using device = new Device('cpu', { threads: 1 });
  const file = await readSpeechTransformerFile(model);
  const { hyperparameters, ranges, vocabulary } = file;
  using weights = await loadWeights(onOneDevice(device), speechTransformerWeights(hyperparameters), file.tensors, {});
  using spectrum = openSpectrum(device, hyperparameters.melBands);
  const places = [...ranges.keys()];
  const results: ReadonlyMap<string, Float32Array>[] = [];
  for (const { audio_filepath: sound, text, language } of recordings) {
    const mel = await utteranceMel(spectrum, path.resolve(path.dirname(list), sound), hyperparameters.melBands);
    const positions = Math.floor(mel.length / hyperparameters.melBands / DOWNSAMPLING);
    const spoken = [
      ...new Array<number>(precedingTokens(hyperparameters) + 1).fill(vocabulary.start),
      vocabulary.language(language) as number,
      ...vocabulary.encode(text),
    ];
    const count = spoken.length - precedingTokens(hyperparameters);
    using graph = new Graph(device);
    using memory = new DeviceMemory(device);
    const inputs = {
      mel: graph.input('mel', 'F32', [hyperparameters.melBands, positions * DOWNSAMPLING]),
      mask: graph.input('mask', 'F32', [positions, positions]),
      tokens: graph.input('tokens', 'I32', [spoken.length]),
      selfMask: graph.input('selfMask', 'F32', [count, count]),
      crossMask: graph.input('crossMask', 'F32', [positions, count]),
    };
    const grids = places.length === 0 ? undefined : graph.input('grids', 'F32', [2, places.length]);
    const outputs = new Map<string, Tensor>();
    const input = (place: string, x: Tensor): Tensor => {
      if (place in LAYERS) outputs.set(place, contiguous(graph, x));
      const number = places.indexOf(place);
      if (!grids || number < 0) return x;
      const grid = (index: number): Tensor => view(graph, grids, [1], { offsetBytes: 4 * (2 * number + index) });
      return roundToGrid(graph, x, { step: grid(0), zero: grid(1) });
    };
    const context: SpeechTransformerContext = { graph, weights: weights.table, hyperparameters, input };
    const encoded = buildEncoder(context, { mel: inputs.mel, mask: inputs.mask });
    outputs.set(
      LOGITS,
      buildDecoder(context, {
        tokens: inputs.tokens,
        count: 1,
        selfMask: inputs.selfMask,
        crossMask: inputs.crossMask,
        cross: (block) => buildCrossKeys(context, block, encoded),
        self: (_, own) => own,
      }),
    );
    for (const output of outputs.values()) graph.expand(output, { read: true });
    graph.allocate(memory);
    write(device, inputs.mel, mel.subarray(0, inputs.mel.elements));
    write(device, inputs.mask, new Float32Array(inputs.mask.elements));
    write(device, inputs.tokens, Int32Array.from(spoken));
    write(
      device,
      inputs.selfMask,
      Float32Array.from({ length: count * count }, (_, index) =>
        index % count <= Math.floor(index / count) ? 0 : -Infinity,
      ),
    );
    write(device, inputs.crossMask, new Float32Array(inputs.crossMask.elements));
    if (grids)
      write(
        device,
        grids,
        Float32Array.from([...ranges.values()].flatMap((range) => [gridOf(range).step, gridOf(range).zero])),
      );
    await graph.compute();
    results.push(new Map([...outputs].map(([place, output]) => [place, readF32(device, output)])));
  }
  return results;
}
