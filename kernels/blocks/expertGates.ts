import type { Graph } from '../ggml/graph.ts';
import { contiguous, getRows, reshape, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { attentionGates, type GateMode } from './gates.ts';

/** The router of a block's low-rank experts. */
export interface LowRankRouter {
  /** `[width, experts + 1]`; its first column is that of expert 0, the model alone. */
  readonly router: Tensor;
  /** Without expert 0. */
  readonly experts: number;
  /** How many experts count for a token, expert 0 among them. Absent: all. */
  readonly expertsUsed?: number;
  readonly gateMode: GateMode;
}

const NOT_READ = 'The gates of low-rank experts were used before the block’s input was read.';

/** The gates of a block's low-rank experts. They follow from the block's input, and serve all of its projections. */
export class ExpertGates {
  #all: Tensor | undefined;
  #gates: Tensor | undefined;

  /** `outputRows[k]`, I32: the tokens that are kept behind the attention. Absent: all. */
  constructor(
    private readonly graph: Graph,
    readonly router: LowRankRouter,
    private readonly outputRows: Tensor | undefined,
  ) {}

  /** Takes the block's normalised input, `x[width, tokens]`. */
  read(x: Tensor): void {
    const { graph } = this;
    const { router, experts, ...options } = this.router;
    const all = attentionGates(graph, x, router, { experts: experts + 1, ...options });
    this.#all = all;
    const [, tokens] = all.shape;
    this.#gates = contiguous(
      graph,
      view(graph, all, [experts, tokens], {
        strides: [all.strides[1], all.strides[2], all.strides[3]],
        offsetBytes: 4,
      }),
    );
  }

  /** The gates of all experts, with expert 0: `[experts + 1, tokens]`. Throws as `of`. */
  get all(): Tensor {
    if (!this.#all) throw new Error(NOT_READ);
    return this.#all;
  }

  /** The gates of `tokens` tokens: `[1, experts, tokens]`. Throws if the block's input was not read. */
  of(tokens: number): Tensor {
    const { graph, outputRows } = this;
    if (!this.#gates) throw new Error(NOT_READ);
    const gates =
      tokens === this.#gates.shape[1] || !outputRows ? this.#gates : getRows(graph, this.#gates, outputRows);
    return reshape(graph, gates, [1, this.router.experts, tokens]);
  }
}
