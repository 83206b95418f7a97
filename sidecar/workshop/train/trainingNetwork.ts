import {
  outputCrossEntropy,
  STRETCH_ROWS,
  type SoftTargets,
} from '../../../kernels/training/autograd/outputCrossEntropy.ts';
import { crossEntropy } from '../../../kernels/training/autograd/crossEntropy.ts';
import { Tape } from '../../../kernels/training/autograd/tape.ts';
import { linear } from '../../../kernels/blocks/linear.ts';
import type { LowRankMatrix } from '../../../kernels/blocks/lowRank.ts';
import { norm } from '../../../kernels/blocks/norm.ts';
import { outlierLoss } from '../../../kernels/blocks/outlierLoss.ts';
import type { RouterLossOptions } from '../../../kernels/blocks/routerLoss.ts';
import type { PackedInputs } from '../../../kernels/blocks/packedAttention.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { add, getRows, mul, scale, view } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { addInto } from '../../../kernels/ggml/trainingOps.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import type { Parameters } from '../../../kernels/training/optimiser/parameters.ts';
import type { Architecture, BlockContext, Hyperparameters } from '../../models/architectures/architecture.ts';
import { WeightTable, type LowRankMixture } from '../../models/architectures/weightTable.ts';
import type { PackedSequence } from './batchStream.ts';
import { fillDropout } from './dropout.ts';

export interface TrainingNetworkOptions {
  readonly architecture: Architecture;
  readonly hyperparameters: Hyperparameters;
  readonly parameters: Parameters;
  /** The device that computes, if it is not the parameters' own. It must reach the same memory. */
  readonly device?: Device;
  /** The index of the gradient, among each parameter's gradients, that this network adds to. Default: the first. */
  readonly number?: number;
  /** Weights that are read but not trained. */
  readonly frozen?: ReadonlyMap<string, Tensor>;
  /** Transposed copies of such weights, for the gradients of their inputs. */
  readonly transposes?: ReadonlyMap<Tensor, Tensor>;
  /** Low-rank matrices with trained factors, by the names of the tensors that they replace. */
  readonly lowRank?: ReadonlyMap<string, LowRankMatrix>;
  /** Low-rank experts with trained factors and routers. */
  readonly mixture?: LowRankMixture;
  /** How many sequences are computed at once, and their length. */
  readonly sequences: number;
  readonly sequenceTokens: number;
  /** The loss of routers, scaled by this batch's share of a step. Absent: none. */
  readonly routerLoss?: RouterLossOptions;
  /**
   * The dropout share in embeddings and in outputs to the residual. It depends on the seed of each batch. Default: 0.
   */
  readonly dropout?: number;
  /** The loss of outliers in the outputs of blocks, scaled by this batch's share of a step. Default: 0. */
  readonly outlierLoss?: number;
  /** How many tokens of a teacher each row has as targets. Absent: the target is the next token. */
  readonly targets?: number;
  /** Whether blocks are computed again for their gradients, which takes less memory and more time. */
  readonly recompute?: boolean;
  /** Keeps the logits of the last batch for `logits`. */
  readonly keepLogits?: boolean;
}

const EMBEDDING = 'token_embd.weight';
const OUTPUT = 'output.weight';

/** A generous number of nodes for a block with its derivatives. Attention's nodes depend on the length. */
const nodesPerBlock = (sequenceTokens: number): number => 400 + sequenceTokens;

/**
 * Computes the loss of packed sequences, and adds its gradients to those of the parameters. It is a graph that is
 * computed once per batch.
 */
export class TrainingNetwork implements Disposable {
  readonly #graph: Graph;
  readonly #memory: DeviceMemory;
  readonly #tokens: Tensor;
  readonly #positions: Tensor;
  readonly #mask: Tensor;
  readonly #places: Tensor;
  readonly #weights: Tensor;
  /** `[width, tokens, places]`: the dropout factors of each place. */
  readonly #kept: Tensor | undefined;
  #keptPlaces = 0;
  readonly #soft: SoftTargets | undefined;
  /** Absent if the output is frozen: then logits are computed stretch by stretch. */
  readonly #logits: Tensor | undefined;
  readonly #loss: Tensor;
  readonly #maskValues: Float32Array;
  readonly #keptValues: Float32Array;

  constructor(readonly options: TrainingNetworkOptions) {
    const { hyperparameters, parameters, sequences, sequenceTokens, number = 0 } = options;
    const { productType } = parameters;
    const device = options.device ?? parameters.device;
    const graph = (this.#graph = new Graph(device, {
      maxNodes: (hyperparameters.blockCount + 4) * nodesPerBlock(sequenceTokens) + parameters.all.length * 4,
    }));
    const tokenCount = sequences * sequenceTokens;
    this.#tokens = graph.input('tokens', 'I32', [tokenCount]);
    this.#positions = graph.input('positions', 'I32', [tokenCount]);
    this.#mask = graph.input('mask', 'F32', [sequenceTokens, sequenceTokens, 1, sequences]);
    const { targets } = options;
    this.#places = graph.input('places', 'I32', targets ? [targets, tokenCount] : [tokenCount]);
    if (targets)
      this.#soft = {
        shares: graph.input('shares', 'F32', [targets, tokenCount]),
        tails: graph.input('tails', 'F32', [tokenCount]),
      };
    this.#weights = graph.input('weights', 'F32', [tokenCount]);
    if (options.dropout)
      this.#kept = graph.input('kept', 'F32', [hyperparameters.width, tokenCount, 1 + 2 * hyperparameters.blockCount]);
    this.#maskValues = new Float32Array(this.#mask.elements);
    this.#keptValues = new Float32Array(this.#kept?.elements ?? 0);

    const transposes = new Map([
      ...(options.transposes ?? []),
      ...parameters.all.flatMap(({ forward, transposed }) => (transposed ? [[forward, transposed] as const] : [])),
    ]);
    const tape = new Tape(
      graph,
      parameters.all.map(({ forward }) => forward),
      { productType, transposes },
    );
    const otherLosses: Tensor[] = [];
    const table = this.#weightTable();
    const hidden = this.#hidden(tape, table, {
      positions: this.#positions,
      mask: this.#mask,
      sequenceTokens,
      sequences,
      productType,
      routerLoss: options.routerLoss,
      branchOutput: this.#kept && ((y) => this.#dropped(y)),
      onLoss: (loss) => otherLosses.push(loss),
    });
    const output = table.has(OUTPUT) ? OUTPUT : EMBEDDING;
    const wanted = { places: this.#places, weights: this.#weights };
    const { logitScale } = hyperparameters;
    if (options.frozen?.has(output) && !table.has('output.bias') && !options.keepLogits) {
      this.#loss = outputCrossEntropy(tape, {
        hidden,
        output: table.tensor(output),
        logitScale,
        soft: this.#soft,
        ...wanted,
      });
    } else {
      if (targets) throw new Error('A teacher needs a frozen output.');
      this.#logits = this.#logitsOf(hidden, table);
      this.#loss = crossEntropy(tape, { logits: this.#logits, ...wanted });
      if (options.keepLogits) graph.expand(this.#logits, { read: true });
    }
    graph.expand(this.#loss, { read: true });
    const gradientOf = new Map(parameters.all.map(({ forward, gradients }) => [forward, gradients[number]]));
    const whole = otherLosses.reduce((sum, loss) => add(graph, sum, loss), this.#loss);
    const scaled = parameters.gradientScale === 1 ? whole : scale(graph, whole, parameters.gradientScale);
    for (const [forward, added] of tape.gradients(scaled))
      graph.expand(addInto(graph, gradientOf.get(forward) as Tensor, added));
    this.#memory = new DeviceMemory(device);
    graph.allocate(this.#memory);
  }

  get computeBytes(): number {
    return this.#memory.sizeBytes;
  }

  /**
   * Adds the gradients of `Σ weight · loss ⁄ total` over the sequences' tokens. Resolves with that sum.
   *
   * It is a part of the mean if `total` is the sum of the weights of a whole step. Losses of routers and outliers add
   * gradients but are not in the result. `seed` decides the dropout.
   */
  async accumulate(batch: readonly PackedSequence[], total: number, seed = 0): Promise<number> {
    const { sequences, sequenceTokens, parameters } = this.options;
    const { device } = parameters;
    if (batch.length !== sequences)
      throw new RangeError(`The batch has ${batch.length} sequences, expected ${sequences}.`);
    write(
      device,
      this.#tokens,
      Int32Array.from(batch.flatMap(({ tokens }) => [...tokens.subarray(0, sequenceTokens)])),
    );
    write(
      device,
      this.#positions,
      Int32Array.from({ length: sequences * sequenceTokens }, (_, index) => index % sequenceTokens),
    );
    this.#writeTargets(batch);
    write(
      device,
      this.#weights,
      Float32Array.from(
        batch.flatMap(({ weights }) => [...weights]),
        (weight) => weight / total,
      ),
    );
    write(device, this.#mask, this.#documentMask(batch));
    if (this.#kept) {
      fillDropout(this.#keptValues, this.options.dropout ?? 0, seed);
      write(device, this.#kept, this.#keptValues);
    }
    await this.#graph.compute();
    return (readF32(device, this.#loss)[0] as number) - entropyOf(batch) / total;
  }

  #writeTargets(batch: readonly PackedSequence[]): void {
    const { parameters, hyperparameters, targets = 1 } = this.options;
    const wanted = batch.map(({ tokens, targets: taught }) => taught?.tokens ?? tokens.subarray(1));
    write(
      parameters.device,
      this.#places,
      Int32Array.from(
        wanted.flatMap((tokens) => [...tokens]),
        (token, index) => {
          const row = Math.floor(index / targets);
          return (this.#logits ? row : row % STRETCH_ROWS) * hyperparameters.vocabularySize + token;
        },
      ),
    );
    if (!this.#soft) return;
    for (const part of ['shares', 'tails'] as const)
      write(
        parameters.device,
        this.#soft[part],
        Float32Array.from(batch.flatMap(({ targets: taught }) => [...(taught?.[part] ?? [])])),
      );
  }

  /** The logits of the last batch, `[vocabulary, tokens]`. Needs `keepLogits`. */
  logits(): Float32Array {
    if (!this.#logits || !this.options.keepLogits) throw new Error('The logits were not kept.');
    return readF32(this.options.parameters.device, this.#logits);
  }

  #weightTable(): WeightTable {
    const { parameters, frozen, lowRank, mixture } = this.options;
    return new WeightTable(
      new Map([...(frozen ?? []), ...parameters.all.map(({ spec, forward }) => [spec.name, forward] as const)]),
      lowRank,
      mixture,
    );
  }

  /** The normed outputs of the last block, `[width, tokens]`. */
  #hidden(tape: Tape, table: WeightTable, packed: PackedInputs): Tensor {
    const { architecture, hyperparameters, outlierLoss: outlierWeight, recompute } = this.options;
    const graph = this.#graph;
    let x = this.#dropped(getRows(graph, table.tensor(EMBEDDING), this.#tokens));
    for (let block = 0; block < hyperparameters.blockCount; block++) {
      const noCache = (): never => {
        throw new Error(`${architecture.name}: block ${block} reads a cache, so it can't be trained.`);
      };
      const build = (input: Tensor): Tensor => {
        const context: BlockContext = {
          graph,
          // A block that is computed again has gates of its own.
          weights: table.forBlock(graph, block, undefined),
          hyperparameters,
          block,
          packed,
          get cache(): never {
            return noCache();
          },
          get inputs(): never {
            return noCache();
          },
        };
        return architecture.buildBlock(context, input);
      };
      x = recompute ? tape.recomputed(x, build) : build(x);
      if (outlierWeight) packed.onLoss?.(outlierLoss(graph, x, outlierWeight / hyperparameters.blockCount));
    }
    return norm(graph, x, table.norm('output_norm'), hyperparameters.norm);
  }

  #logitsOf(hidden: Tensor, table: WeightTable): Tensor {
    const { logitScale } = this.options.hyperparameters;
    const output = table.has(OUTPUT) ? table.linear('output') : { weight: table.tensor(EMBEDDING) };
    const logits = linear(this.#graph, hidden, output);
    return logitScale === 1 ? logits : scale(this.#graph, logits, logitScale);
  }

  /** Applies dropout to `x[width, tokens]`, if there is any. */
  #dropped(x: Tensor): Tensor {
    if (!this.#kept) return x;
    const [width, tokens, places] = this.#kept.shape;
    const place = this.#keptPlaces++;
    if (place >= places)
      throw new Error(`A block of ${this.options.architecture.name} has more than two places for dropout.`);
    return mul(
      this.#graph,
      x,
      view(this.#graph, this.#kept, [width, tokens], { offsetBytes: place * this.#kept.strides[2] }),
    );
  }

  /** Each token attends the earlier tokens of its own document. */
  #documentMask(batch: readonly PackedSequence[]): Float32Array {
    const { sequenceTokens } = this.options;
    const mask = this.#maskValues.fill(-Infinity);
    batch.forEach(({ starts }, sequence) => {
      let start = 0;
      for (let token = 0; token < sequenceTokens; token++) {
        if (starts.has(token)) start = token;
        const row = (sequence * sequenceTokens + token) * sequenceTokens;
        mask.fill(0, row + start, row + token + 1);
      }
    });
    return mask;
  }

  [Symbol.dispose](): void {
    this.#graph[Symbol.dispose]();
    this.#memory[Symbol.dispose]();
  }
}

/** The weighted entropy of a teacher's targets, so that the loss of a student that equals the teacher is zero. */
function entropyOf(batch: readonly PackedSequence[]): number {
  const part = (share: number): number => (share > 0 ? -share * Math.log(share) : 0);
  return batch.reduce((sum, { weights, targets }) => {
    if (!targets) return sum;
    const count = targets.shares.length / weights.length;
    return weights.reduce(
      (own, weight, row) =>
        own +
        weight *
          targets.shares
            .subarray(row * count, (row + 1) * count)
            .reduce((entropy, share) => entropy + part(share), part(targets.tails[row] as number)),
      sum,
    );
  }, 0);
}
