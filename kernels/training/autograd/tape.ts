import type { Pointer } from '../../ggml/bindings.ts';
import { ShapeError } from '../../ggml/errors.ts';
import type { Graph, NodeRecord } from '../../ggml/graph.ts';
import { add, cast, contiguous, fill, transpose } from '../../ggml/ops.ts';
import type { Tensor } from '../../ggml/tensor.ts';
import type { TensorType } from '../../ggml/types.ts';
import { NotDifferentiableError, type Rule, type RuleContext } from './rule.ts';
import { rules } from './rules.ts';

export interface TapeOptions {
  /**
   * The type of the first operand in the products of derivatives. BF16 is twice as fast as F32 on processors that
   * support it. Default: F32.
   */
  readonly productType?: 'F32' | 'BF16';
  /**
   * Transposed copies of parameters in `productType`, kept up to date by the caller. They spare a copy of each per
   * graph.
   */
  readonly transposes?: ReadonlyMap<Tensor, Tensor>;
  /**
   * Whether to build derivatives from plain operations alone. Default: only on Metal, which lacks some of ggml's own.
   */
  readonly composed?: boolean;
}

interface RuledNode {
  readonly node: NodeRecord;
  readonly rule: Rule | undefined;
}

/** A part of the graph that is computed again for its derivative. */
interface RecomputedPart {
  readonly node: Pick<NodeRecord, 'sources' | 'result'>;
  /** Adds the nodes of the part once more, and returns their result. */
  readonly again: () => Tensor;
}

type TapedNode = RuledNode | RecomputedPart;

/**
 * Reverse-mode differentiation of a graph. Records nodes as `ops.ts` adds them, and then adds the nodes of the
 * gradients. Nodes that depend on no parameter are neither recorded nor differentiated.
 */
export class Tape {
  #nodes: TapedNode[] = [];
  /** Parameters, and results that depend on them. */
  readonly #leading = new Set<Pointer>();
  readonly #transposes: ReadonlyMap<Pointer, Tensor>;
  #isRecording = true;

  readonly #parameters: Tensor[] = [];

  /** Records all nodes added to `graph` that depend on a parameter, until `gradients` is called. */
  constructor(
    readonly graph: Graph,
    parameters: readonly Tensor[],
    private readonly options: TapeOptions = {},
  ) {
    for (const parameter of parameters) this.addParameter(parameter);
    this.#transposes = new Map([...(options.transposes ?? [])].map(([parameter, copy]) => [parameter.pointer, copy]));
    graph.onNode = (node) => {
      if (this.#isRecording) this.#record(node, rules.get(node.op));
    };
  }

  /** Adds a tensor as a parameter whose gradient is wanted. No node may have read it yet. */
  addParameter(parameter: Tensor): void {
    this.#parameters.push(parameter);
    this.#leading.add(parameter.pointer);
  }

  /** Adds the nodes of `build` with `rule` as their derivative, in place of the derivatives of its operations. */
  custom(sources: readonly Tensor[], rule: Rule, build: () => Tensor): Tensor {
    const outer = this.#isRecording;
    this.#isRecording = false;
    try {
      const result = build();
      if (outer) this.#record({ op: 'view', sources, result, attributes: undefined }, rule);
      return result;
    } finally {
      this.#isRecording = outer;
    }
  }

  /**
   * Adds the nodes of `build` without keeping their results for the derivative, which computes them again (arXiv
   * 1604.06174). The memory of one such part at a time then serves all of them.
   *
   * `build` must add the same nodes each time. It may read `source`, parameters and what depends on neither.
   */
  recomputed(source: Tensor, build: (source: Tensor) => Tensor): Tensor {
    const { graph } = this;
    if (!this.#isRecording) return build(source);
    const read = new Set<Pointer>();
    const recording = graph.onNode;
    graph.onNode = ({ sources }) => sources.forEach(({ pointer }) => read.add(pointer));
    let result: Tensor;
    try {
      result = build(source);
    } finally {
      graph.onNode = recording;
    }
    const sources = [source, ...this.#parameters.filter(({ pointer }) => read.has(pointer))];
    if (sources.some(({ pointer }) => this.#leading.has(pointer))) {
      this.#leading.add(result.pointer);
      this.#nodes.push({ node: { sources, result }, again: () => build(source) });
    }
    return result;
  }

  /** Runs `build` without recording, so that its results count as constants. */
  constant<Result>(build: () => Result): Result {
    const outer = this.#isRecording;
    this.#isRecording = false;
    try {
      return build();
    } finally {
      this.#isRecording = outer;
    }
  }

  /** `a` transposed for the gradient of its input: the kept copy, or a copy that the graph makes. */
  transposed(a: Tensor): Tensor {
    return this.#transposes.get(a.pointer) ?? this.#transposedCopy(a, this.options.productType ?? 'F32');
  }

  /**
   * Adds the gradients of `loss[1]` by every parameter and ends the recording. The map is ordered by when gradients
   * become complete, so using them in this order needs the least memory.
   *
   * Throws `ShapeError` for a loss of several values. Throws `NotDifferentiableError` for an operation without
   * derivative, or a parameter that the loss does not depend on.
   */
  gradients(loss: Tensor): Map<Tensor, Tensor> {
    if (loss.elements !== 1)
      throw new ShapeError(`The loss ${loss.toString()} has ${loss.elements} values, expected 1.`);
    const { graph } = this;
    graph.onNode = undefined;
    this.#isRecording = false;
    const gradients = new Map<Pointer, Tensor>();
    if (this.#leading.has(loss.pointer)) gradients.set(loss.pointer, fill(graph, loss, 1));
    const firstUse = this.#firstUses();
    const result = new Map<Tensor, Tensor>();
    for (let index = this.#nodes.length - 1; index >= 0; index--) {
      this.#propagate(gradients, this.#nodes[index] as TapedNode);
      for (const parameter of firstUse.get(index) ?? []) {
        const complete = gradients.get(parameter.pointer);
        if (complete) result.set(parameter, complete);
      }
    }
    const missing = this.#parameters.find((parameter) => !result.has(parameter));
    if (missing) throw new NotDifferentiableError(`The loss does not depend on the parameter ${missing.toString()}.`);
    return result;
  }

  /** Takes the gradient of a node's result, and adds its parts to the gradients of the node's sources. */
  #propagate(gradients: Map<Pointer, Tensor>, taped: TapedNode): void {
    const { pointer } = taped.node.result;
    const gradient = gradients.get(pointer);
    gradients.delete(pointer);
    if (!gradient) return;
    if ('rule' in taped) return this.#addGradients(gradients, taped, gradient);
    const { nodes, result } = this.#recordAgain(taped.again);
    gradients.set(result.pointer, gradient);
    for (const node of nodes.toReversed()) this.#propagate(gradients, node);
  }

  #recordAgain(again: () => Tensor): { readonly nodes: readonly TapedNode[]; readonly result: Tensor } {
    const { graph } = this;
    const outer = this.#nodes;
    this.#nodes = [];
    this.#isRecording = true;
    graph.onNode = (node) => this.#record(node, rules.get(node.op));
    try {
      const result = again();
      return { nodes: this.#nodes, result };
    } finally {
      graph.onNode = undefined;
      this.#isRecording = false;
      this.#nodes = outer;
    }
  }

  #addGradients(gradients: Map<Pointer, Tensor>, { node, rule }: RuledNode, gradient: Tensor): void {
    if (!rule)
      throw new NotDifferentiableError(
        `${node.op} of ${node.sources.map(String).join(', ')} has no derivative, and a parameter depends on it.`,
      );
    const sourceGradients = rule(this.#context(node, gradient));
    node.sources.forEach((source, number) => {
      const added = sourceGradients[number];
      if (!added || !this.#leading.has(source.pointer)) return;
      const before = gradients.get(source.pointer);
      gradients.set(source.pointer, before ? add(this.graph, before, added) : added);
    });
  }

  #record(node: NodeRecord, rule: Rule | undefined): void {
    // Integers, such as the choice of experts, have no gradient.
    if (node.result.type === 'I32' || !node.sources.some(({ pointer }) => this.#leading.has(pointer))) return;
    this.#leading.add(node.result.pointer);
    this.#nodes.push({ node, rule });
  }

  /** Maps each node to the parameters that it reads first. Their gradients are complete after its derivative. */
  #firstUses(): Map<number, Tensor[]> {
    const open = new Map(this.#parameters.map((parameter) => [parameter.pointer, parameter]));
    const uses = new Map<number, Tensor[]>();
    this.#nodes.forEach(({ node }, index) => {
      for (const { pointer } of node.sources) {
        const parameter = open.get(pointer);
        if (!parameter) continue;
        open.delete(pointer);
        uses.set(index, [...(uses.get(index) ?? []), parameter]);
      }
    });
    return uses;
  }

  #context(node: NodeRecord, gradient: Tensor): RuleContext {
    const productType = this.options.productType ?? 'F32';
    return {
      graph: this.graph,
      node,
      gradient,
      productType,
      composed: this.options.composed ?? this.graph.device.kind === 'metal',
      needs: (source) => this.#leading.has((node.sources[source] as Tensor).pointer),
      transposedInput: (a) => this.#transposedCopy(a, this.graph.device.kind === 'cpu' ? productType : 'F32'),
      transposed: (a) => this.transposed(a),
    };
  }

  #transposedCopy(a: Tensor, type: TensorType): Tensor {
    const { graph } = this;
    if (a.type === type) return contiguous(graph, transpose(graph, a));
    if (a.type === 'F32') return cast(graph, transpose(graph, a), type);
    // Other types, such as quantised ones, can only be converted to F32.
    const values =
      a.type === 'BF16' || a.type === 'F16'
        ? cast(graph, transpose(graph, a), 'F32')
        : transpose(graph, cast(graph, a, 'F32'));
    return type === 'F32' ? contiguous(graph, values) : cast(graph, values, type);
  }
}
