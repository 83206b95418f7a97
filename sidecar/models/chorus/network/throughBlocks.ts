import type { AttentionInputs, LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import { getRows } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import type { NetworkOptions, WantedLogits } from './networkGraph.ts';
import { outputLogits } from './outputLogits.ts';

/** The inputs of all blocks of a network. */
export interface ThroughBlocks {
  /** `[tokens]`, I32 */
  readonly tokens: Tensor;
  /** The tokens whose results are used behind the last block; absent: all. */
  readonly outputRows?: Tensor;
  readonly wanted: WantedLogits;
  /** Returns the cache and the inputs of a block. */
  readonly block: (block: number) => { readonly cache: LayerCache; readonly inputs: AttentionInputs };
}

/** Adds embedding, blocks and, if logits are wanted, the output. Returns the logits, `[vocabulary, rows]`. */
export function throughBlocks(
  graph: Graph,
  { architecture, hyperparameters, weights: { table } }: NetworkOptions,
  { tokens, outputRows, wanted, block: of }: ThroughBlocks,
): Tensor | undefined {
  let x = getRows(graph, table.tensor('token_embd.weight'), tokens);
  for (let block = 0; block < hyperparameters.blockCount; block++) {
    const isLast = block === hyperparameters.blockCount - 1;
    const kept = isLast ? outputRows : undefined;
    x = architecture.buildBlock(
      {
        graph,
        weights: table.forBlock(graph, block, kept),
        hyperparameters,
        block,
        ...of(block),
        outputRows: kept,
      },
      x,
    );
  }
  if (wanted !== 'none') return outputLogits(graph, table, hyperparameters, x);
  graph.expand(x);
  return undefined;
}
