import { gridOf, roundToGrid } from '../../kernels/blocks/roundToGrid.ts';
import type { Device } from '../../kernels/ggml/device.ts';
import { Graph } from '../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../kernels/ggml/graphMemory.ts';
import { copy, reshape, setRows, view } from '../../kernels/ggml/ops.ts';
import { Storage } from '../../kernels/ggml/storage.ts';
import type { Tensor } from '../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../kernels/ggml/transfer.ts';
import { KeptGraphs } from '../models/chorus/network/keptGraphs.ts';
import { onOneDevice } from '../models/chorus/network/placement.ts';
import { checkWeights, loadWeights, type LoadedWeights } from '../models/chorus/network/weights.ts';
import {
  buildCrossKeys,
  buildDecoder,
  buildEncoder,
  DOWNSAMPLING,
  precedingTokens,
  sinusoidalPositions,
  speechTransformerWeights,
  type KeysAndValues,
  type SpeechTransformerContext,
} from './architectures/speechTransformer.ts';
import type { DecoderToken, SpeechDecoder } from './speechDecoder.ts';
import { readSpeechTransformerFile, type SpeechTransformerFile } from './speechTransformerFile.ts';

/** Frames are padded to multiples of this, so that few graphs serve all lengths. */
const FRAME_STEP = 64;
/** There is always some silence behind the sound. */
const LEAST_SILENCE_FRAMES = 16;
const ROW_STEP = 64;
const KEPT_GRAPHS = 8;

/** The number of frames in the graph for this many frames of sound, in training and in use. */
export const paddedFrames = (frames: number): number =>
  Math.ceil((frames + LEAST_SILENCE_FRAMES) / FRAME_STEP) * FRAME_STEP;

interface EncoderGraph {
  readonly graph: Graph;
  readonly mel: Tensor;
  readonly mask: Tensor;
  readonly positions: Tensor | undefined;
}

interface DecoderGraph {
  readonly graph: Graph;
  readonly tokens: Tensor;
  readonly rows: Tensor;
  readonly selfMask: Tensor;
  readonly crossMask: Tensor;
  readonly positions: Tensor | undefined;
  readonly logits: Tensor;
}

export interface NetworkSizes {
  /** The number of tokens that the cache holds. */
  readonly capacityRows: number;
  readonly mostFrames: number;
}

/** Runs a Speech-Transformer: `encode` takes an utterance, `decode` evaluates tokens after it. */
export class SpeechTransformerNetwork implements SpeechDecoder, Disposable {
  readonly #storage: Storage;
  readonly #self: readonly KeysAndValues[];
  readonly #cross: readonly KeysAndValues[];
  /** The grids of the inputs of each product in a fully quantised model. */
  readonly #grids: ReadonlyMap<string, { readonly step: Tensor; readonly zero: Tensor }>;
  readonly #encoders: KeptGraphs<EncoderGraph>;
  readonly #decoders: KeptGraphs<DecoderGraph>;
  /** The token in each row of the cache, since convolutions see earlier tokens. */
  readonly #tokens: Int32Array;
  /** The positions of the last encoded utterance, without and with the silence behind it. */
  #positions = 0;
  #paddedPositions = 0;

  private constructor(
    readonly file: SpeechTransformerFile,
    readonly device: Device,
    private readonly weights: LoadedWeights,
    private readonly sizes: NetworkSizes,
  ) {
    const { hyperparameters, ranges } = file;
    const { width, decoderBlocks } = hyperparameters;
    this.#storage = new Storage(device, { maxTensors: 4 * decoderBlocks + 2 * ranges.size });
    const caches = (name: string, rows: number): KeysAndValues[] =>
      Array.from({ length: decoderBlocks }, (_, block) => ({
        key: this.#storage.declare(`${name}.${block}.key`, 'F32', [width, rows]),
        value: this.#storage.declare(`${name}.${block}.value`, 'F32', [width, rows]),
      }));
    this.#self = caches('self', sizes.capacityRows);
    this.#cross = caches('cross', paddedFrames(sizes.mostFrames) / DOWNSAMPLING);
    this.#grids = new Map(
      [...ranges.keys()].map((place) => [
        place,
        {
          step: this.#storage.declare(`${place}.step`, 'F32', [1]),
          zero: this.#storage.declare(`${place}.zero`, 'F32', [1]),
        },
      ]),
    );
    this.#storage.allocate({ clear: true });
    for (const [place, { step, zero }] of this.#grids) {
      const grid = gridOf(ranges.get(place) as { low: number; high: number });
      write(device, step, Float32Array.of(grid.step));
      write(device, zero, Float32Array.of(grid.zero));
    }
    this.#tokens = new Int32Array(sizes.capacityRows);
    this.#encoders = new KeptGraphs(new DeviceMemory(device), KEPT_GRAPHS);
    this.#decoders = new KeptGraphs(new DeviceMemory(device), KEPT_GRAPHS);
  }

  /** Loads a GGUF file. Throws `TroubleError`. */
  static async open(
    path: string,
    device: Device,
    sizes: NetworkSizes,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<SpeechTransformerNetwork> {
    const file = await readSpeechTransformerFile(path);
    const specs = speechTransformerWeights(file.hyperparameters);
    checkWeights(specs, file.tensors, path);
    const weights = await loadWeights(onOneDevice(device), specs, file.tensors, options);
    try {
      return new SpeechTransformerNetwork(file, device, weights, sizes);
    } catch (error) {
      weights[Symbol.dispose]();
      throw error;
    }
  }

  get capacityRows(): number {
    return this.sizes.capacityRows;
  }

  /**
   * Encodes the normalised `mel[melBands, frames]` of an utterance, which `decode` attends from then on. Rejects with
   * the signal's reason.
   */
  async encode(mel: Float32Array, signal?: AbortSignal): Promise<void> {
    const { device } = this;
    const { melBands, width } = this.file.hyperparameters;
    const frames = mel.length / melBands;
    if (frames > this.sizes.mostFrames)
      throw new RangeError(`An utterance of ${frames} frames, expected at most ${this.sizes.mostFrames}.`);
    const padded = paddedFrames(frames);
    const built = this.#encoders.obtain(
      `${padded}`,
      () => this.#buildEncoder(padded),
      () => this.#buildEncoder(paddedFrames(this.sizes.mostFrames)),
    );
    this.#positions = Math.ceil(frames / DOWNSAMPLING);
    this.#paddedPositions = padded / DOWNSAMPLING;
    const values = new Float32Array(built.mel.elements);
    values.set(mel);
    write(device, built.mel, values);
    write(device, built.mask, this.#soundMask(this.#paddedPositions));
    if (built.positions)
      write(
        device,
        built.positions,
        sinusoidalPositions(
          width,
          Array.from({ length: this.#paddedPositions }, (_, position) => position),
        ),
      );
    await built.graph.compute(signal);
  }

  decode(batch: readonly DecoderToken[], outputs: readonly number[]): readonly Float32Array[] {
    const { device } = this;
    const { vocabularySize, width } = this.file.hyperparameters;
    const highest = batch.reduce((most, { row, history }) => Math.max(most, row, ...history), 0);
    const rows = Math.min(Math.ceil((1 + highest) / ROW_STEP) * ROW_STEP, this.sizes.capacityRows);
    const build = (): DecoderGraph => this.#buildDecoder(batch.length, rows);
    const built = this.#decoders.obtain(`${batch.length} ${rows} ${this.#paddedPositions}`, build, build);
    for (const { token, row } of batch) this.#tokens[row] = token;
    write(device, built.tokens, Int32Array.from(batch.flatMap((token) => this.#withPreceding(token))));
    write(
      device,
      built.rows,
      BigInt64Array.from(batch, ({ row }) => BigInt(row)),
    );
    write(device, built.selfMask, historyMask(batch, rows));
    write(device, built.crossMask, this.#soundMask(batch.length));
    if (built.positions)
      write(
        device,
        built.positions,
        sinusoidalPositions(
          width,
          batch.map(({ position }) => position),
        ),
      );
    built.graph.computeSync();
    const logits = readF32(device, built.logits);
    return outputs.map((output) => logits.slice(output * vocabularySize, (output + 1) * vocabularySize));
  }

  #buildEncoder(frames: number): EncoderGraph {
    const { melBands, width } = this.file.hyperparameters;
    const count = frames / DOWNSAMPLING;
    const graph = new Graph(this.device);
    const mel = graph.input('mel', 'F32', [melBands, frames]);
    const mask = graph.input('mask', 'F32', [count, count]);
    const positions = this.#sines(graph, [width, count]);
    const context = this.#context(graph);
    const encoded = buildEncoder(context, { mel, mask, positions });
    this.#cross.forEach((cache, block) => {
      const heard = buildCrossKeys(context, block, encoded);
      graph.expand(copy(graph, heard.key, view(graph, cache.key, [width, count])));
      graph.expand(copy(graph, heard.value, view(graph, cache.value, [width, count])));
    });
    return { graph, mel, mask, positions };
  }

  #buildDecoder(count: number, attendedRows: number): DecoderGraph {
    const { hyperparameters } = this.file;
    const { width } = hyperparameters;
    const heardPositions = this.#paddedPositions;
    const graph = new Graph(this.device);
    const tokens = graph.input('tokens', 'I32', [(1 + precedingTokens(hyperparameters)) * count]);
    const rows = graph.input('rows', 'I64', [count]);
    const selfMask = graph.input('selfMask', 'F32', [attendedRows, count]);
    const crossMask = graph.input('crossMask', 'F32', [heardPositions, count]);
    const positions = this.#sines(graph, [width, count]);
    const logits = buildDecoder(this.#context(graph), {
      tokens,
      // The convolutions see each token as a sequence of its own with its preceding tokens. Only attention treats all
      // tokens as rows.
      count,
      regroup: (x) => reshape(graph, x, [width, count, 1]),
      positions,
      selfMask,
      crossMask,
      cross: (block) => firstRows(graph, this.#cross[block] as KeysAndValues, heardPositions),
      self: (block, own) => {
        const cache = this.#self[block] as KeysAndValues;
        graph.expand(setRows(graph, cache.key, own.key, rows));
        graph.expand(setRows(graph, cache.value, own.value, rows));
        return firstRows(graph, cache, attendedRows);
      },
    });
    graph.expand(logits, { read: true });
    return { graph, tokens, rows, selfMask, crossMask, positions, logits };
  }

  #context(graph: Graph): SpeechTransformerContext {
    const input = (place: string, x: Tensor): Tensor => {
      const grid = this.#grids.get(place);
      return grid ? roundToGrid(graph, x, grid) : x;
    };
    return { graph, weights: this.weights.table, hyperparameters: this.file.hyperparameters, input };
  }

  #sines(graph: Graph, extents: readonly number[]): Tensor | undefined {
    return this.file.hyperparameters.positions === 'sinusoidal' ? graph.input('positions', 'F32', extents) : undefined;
  }

  /** The token after the tokens that the convolutions see. The start token stands for positions before the text. */
  #withPreceding({ token, history }: DecoderToken): readonly number[] {
    const preceding = precedingTokens(this.file.hyperparameters);
    if (preceding === 0) return [token];
    const known = history.slice(-preceding).map((row) => this.#tokens[row] as number);
    return [...new Array<number>(preceding - known.length).fill(this.file.vocabulary.start), ...known, token];
  }

  /** `[positions, rows]`: −∞ for the silence behind the sound. */
  #soundMask(rows: number): Float32Array {
    const mask = new Float32Array(this.#paddedPositions * rows);
    for (let row = 0; row < rows; row++)
      mask.fill(-Infinity, row * this.#paddedPositions + this.#positions, (row + 1) * this.#paddedPositions);
    return mask;
  }

  [Symbol.dispose](): void {
    this.#encoders[Symbol.dispose]();
    this.#decoders[Symbol.dispose]();
    this.#storage[Symbol.dispose]();
    this.weights[Symbol.dispose]();
  }
}

const firstRows = (graph: Graph, { key, value }: KeysAndValues, rows: number): KeysAndValues => ({
  key: firstOf(graph, key, rows),
  value: firstOf(graph, value, rows),
});

/** A contiguous view of the first rows. */
function firstOf(graph: Graph, cache: Tensor, rows: number): Tensor {
  const row = cache.strides[1];
  return view(graph, cache, [cache.shape[0], rows], { strides: [row, row * rows, row * rows] });
}

/** `[attendedRows, tokens]`: 0 for each token's history and itself, −∞ elsewhere. */
function historyMask(batch: readonly DecoderToken[], attendedRows: number): Float32Array {
  const mask = new Float32Array(batch.length * attendedRows).fill(-Infinity);
  batch.forEach(({ row, history }, token) => {
    mask[token * attendedRows + row] = 0;
    for (const earlier of history) mask[token * attendedRows + earlier] = 0;
  });
  return mask;
}
