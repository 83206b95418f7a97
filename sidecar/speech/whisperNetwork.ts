import type { LayerCache } from '../../kernels/blocks/attentionInputs.ts';
import { Graph } from '../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../kernels/ggml/graphMemory.ts';
import { view } from '../../kernels/ggml/ops.ts';
import { Storage } from '../../kernels/ggml/storage.ts';
import type { Tensor } from '../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../kernels/ggml/transfer.ts';
import { F16_MINUS_INFINITY } from '../models/chorus/cache/causalMask.ts';
import { padRows } from '../models/chorus/cache/rowPadding.ts';
import { KeptGraphs } from '../models/chorus/network/keptGraphs.ts';
import { buildCrossCaches, buildDecoder, buildEncoder } from './architectures/whisper.ts';
import type { DecoderToken, SpeechDecoder } from './speechDecoder.ts';
import type { SpeechModel } from './speechModel.ts';

const KEPT_DECODERS = 12;
const KEPT_ENCODERS = 2;

interface EncoderGraph {
  readonly graph: Graph;
  readonly mel: Tensor;
  readonly encoded: Tensor;
}

interface DecoderGraph {
  readonly graph: Graph;
  readonly tokens: Tensor;
  readonly positions: Tensor;
  readonly rows: Tensor;
  readonly mask: Tensor;
  readonly outputRows: Tensor;
  readonly logits: Tensor;
}

/**
 * Runs a Whisper: `encode` takes a window of sound, `decode` evaluates tokens after it. A single cache serves all
 * hypotheses of a search, since each token lists the rows that it attends.
 */
export class WhisperNetwork implements SpeechDecoder, Disposable {
  readonly #storage: Storage;
  readonly #selfCaches: readonly LayerCache[];
  readonly #crossCaches: readonly LayerCache[];
  readonly #encoders: KeptGraphs<EncoderGraph>;
  readonly #decoders: KeptGraphs<DecoderGraph>;
  /** The positions of the last encoded window. */
  #positions = 0;

  /** `capacityRows` is the number of tokens that the cache holds, over all hypotheses. */
  constructor(
    readonly model: SpeechModel,
    readonly capacityRows: number,
  ) {
    const { device, file } = model;
    const { textWidth, audioContext, textBlocks } = file.hyperparameters;
    this.#storage = new Storage(device, { maxTensors: 4 * textBlocks });
    const caches = (name: string, rows: number): LayerCache[] =>
      Array.from({ length: textBlocks }, (_, block) => ({
        key: this.#storage.declare(`${name}.${block}.key`, 'F16', [textWidth, rows]),
        value: this.#storage.declare(`${name}.${block}.value`, 'F16', [textWidth, rows]),
      }));
    this.#selfCaches = caches('self', padRows(capacityRows));
    this.#crossCaches = caches('cross', audioContext);
    this.#storage.allocate({ clear: true });
    this.#encoders = new KeptGraphs(new DeviceMemory(device), KEPT_ENCODERS);
    this.#decoders = new KeptGraphs(new DeviceMemory(device), KEPT_DECODERS);
  }

  /** The frames of a whole window: two for each position. */
  get windowFrames(): number {
    return 2 * this.model.file.hyperparameters.audioContext;
  }

  /**
   * Encodes `mel[melBands, frames]` of at most a whole window, which `decode` attends from then on. Rejects with the
   * signal's reason.
   */
  async encode(mel: Float32Array, signal?: AbortSignal): Promise<void> {
    const frames = mel.length / this.model.file.hyperparameters.melBands;
    const built = this.#encoder(frames);
    write(this.model.device, built.mel, mel);
    await built.graph.compute(signal);
    this.#positions = built.encoded.shape[1];
  }

  /** Returns the last output of `encode` for this number of frames, `[audioWidth, positions]`. Used for inspection. */
  encoded(frames: number): Float32Array {
    return readF32(this.model.device, this.#encoder(frames).encoded);
  }

  /** Evaluates a batch. Returns the logits after the tokens with the indices `outputs`, `[vocabularySize]` each. */
  decode(batch: readonly DecoderToken[], outputs: readonly number[]): readonly Float32Array[] {
    const { device, file } = this.model;
    const { vocabularySize } = file.hyperparameters;
    const attendedRows = padRows(1 + batch.reduce((most, { row, history }) => Math.max(most, row, ...history), 0));
    const built = this.#decoder(batch.length, outputs.length, attendedRows);
    write(
      device,
      built.tokens,
      Int32Array.from(batch, ({ token }) => token),
    );
    write(
      device,
      built.positions,
      Int32Array.from(batch, ({ position }) => position),
    );
    write(
      device,
      built.rows,
      BigInt64Array.from(batch, ({ row }) => BigInt(row)),
    );
    write(device, built.mask, historyMask(batch, attendedRows));
    write(device, built.outputRows, Int32Array.from(outputs));
    built.graph.computeSync();
    const logits = readF32(device, built.logits);
    return outputs.map((_, index) => logits.subarray(index * vocabularySize, (index + 1) * vocabularySize));
  }

  #encoder(frames: number): EncoderGraph {
    const { device, weights, file } = this.model;
    const { melBands } = file.hyperparameters;
    const build = (count: number): EncoderGraph => {
      const graph = new Graph(device);
      const mel = graph.input('mel', 'F32', [melBands, count]);
      const context = { graph, weights, hyperparameters: file.hyperparameters };
      const encoded = buildEncoder(context, mel);
      graph.expand(encoded, { read: true });
      buildCrossCaches(
        context,
        encoded,
        this.#crossCaches.map((cache) => firstRows(graph, cache, encoded.shape[1])),
      );
      return { graph, mel, encoded };
    };
    return this.#encoders.obtain(
      `${frames}`,
      () => build(frames),
      () => build(this.windowFrames),
    );
  }

  #decoder(tokenCount: number, outputCount: number, attendedRows: number): DecoderGraph {
    const { device, weights, file } = this.model;
    const positionCount = this.#positions;
    const build = (): DecoderGraph => {
      const graph = new Graph(device);
      const tokens = graph.input('tokens', 'I32', [tokenCount]);
      const positions = graph.input('positions', 'I32', [tokenCount]);
      const rows = graph.input('rows', 'I64', [tokenCount]);
      const mask = graph.input('mask', 'F16', [attendedRows, tokenCount]);
      const outputRows = graph.input('outputRows', 'I32', [outputCount]);
      const crossCaches = this.#crossCaches.map((cache) => ({ ...cache, rows: positionCount }));
      const logits = buildDecoder(
        { graph, weights, hyperparameters: file.hyperparameters },
        { tokens, positions, rows, mask, attendedRows, outputRows, selfCaches: this.#selfCaches, crossCaches },
      );
      graph.expand(logits, { read: true });
      return { graph, tokens, positions, rows, mask, outputRows, logits };
    };
    return this.#decoders.obtain(`${tokenCount} ${outputCount} ${attendedRows} ${positionCount}`, build, build);
  }

  [Symbol.dispose](): void {
    this.#encoders[Symbol.dispose]();
    this.#decoders[Symbol.dispose]();
    this.#storage[Symbol.dispose]();
  }
}

const firstRows = (graph: Graph, { key, value }: LayerCache, rows: number): LayerCache => ({
  key: view(graph, key, [key.shape[0], rows]),
  value: view(graph, value, [value.shape[0], rows]),
});

/** F16, `[attendedRows, tokens]`: 0 for each token's history and itself, −∞ elsewhere. */
function historyMask(batch: readonly DecoderToken[], attendedRows: number): Uint16Array {
  const mask = new Uint16Array(batch.length * attendedRows).fill(F16_MINUS_INFINITY);
  batch.forEach(({ row, history }, token) => {
    mask[token * attendedRows + row] = 0;
    for (const earlier of history) mask[token * attendedRows + earlier] = 0;
  });
  return mask;
}
