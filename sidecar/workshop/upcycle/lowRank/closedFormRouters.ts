import { Device } from '../../../../kernels/ggml/device.ts';
import { RidgeRegression } from '../../../../kernels/training/linearAlgebra/ridgeRegression.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import { openNetwork, type OpenedNetwork } from '../../../models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../models/chorus/network/placement.ts';
import { computeThreads } from '../../../models/threads.ts';
import type { MakingOptions } from '../../making.ts';
import type { ExpertTokens } from './expertTokens.ts';

/** The weights of a block's router, `[width, experts + 1]`. */
export type LowRankRouters = (block: number) => Float32Array;

export interface ClosedFormOptions extends MakingOptions {
  /** The blocks with a router, ascending. */
  readonly blocks: readonly number[];
  /** The weight decay λ of the ridge regression. */
  readonly lambda: number;
  /** The temperature of the gates' softmax. */
  readonly temperature: number;
}

/** Tokens that are evaluated at once. */
const CHUNK_TOKENS = 512;
/** The most memory for the sums of blocks. Texts are read again for further blocks. */
const MAX_SUM_BYTES = 1e9;

/**
 * Fits the router of each block to tell from a token's normalised input to which expert's texts the token belongs:
 * `W = (XᵀX + λI)⁻¹ XᵀY`, as DUME (arXiv 2603.29765). The model runs on the processor, without experts.
 *
 * Throws `TroubleError`, also for a model whose hidden states are not finite.
 */
export async function closedFormRouters(
  modelPath: string,
  tokens: ExpertTokens,
  options: ClosedFormOptions,
): Promise<LowRankRouters> {
  const longest = tokens.texts.flat().reduce((most, text) => Math.max(most, text.length), 0);
  using device = new Device('cpu', { threads: await computeThreads(0) });
  using opened = await openNetwork(modelPath, {
    placement: onOneDevice(device),
    capacityTokens: tokens.beginning.length + longest,
    signal: options.signal,
  });
  const { width } = opened.model.hyperparameters;
  const groups = inGroups(options.blocks, Math.max(1, Math.floor(MAX_SUM_BYTES / (8 * width ** 2))));
  const routers = new Map<number, Float32Array>();
  for (const [index, blocks] of groups.entries()) {
    const onShare = (share: number): void =>
      options.onProgress?.({ step: 'Reading texts', share: (index + share) / groups.length });
    const fits = await readInputs(opened, tokens, { blocks, onShare, signal: options.signal });
    for (const [block, fit] of fits) {
      options.signal?.throwIfAborted();
      routers.set(block, routerOf(block, fit, options));
      // A cancellation is heard between blocks.
      await new Promise(setImmediate);
    }
  }
  return (block) => routers.get(block) as Float32Array;
}

function inGroups(blocks: readonly number[], size: number): readonly (readonly number[])[] {
  return Array.from({ length: Math.ceil(blocks.length / size) }, (_, index) =>
    blocks.slice(index * size, (index + 1) * size),
  );
}

/** Evaluates all texts, and adds the inputs of some blocks to a regression for each. */
async function readInputs(
  { model, network, sequence }: OpenedNetwork,
  { beginning, texts }: ExpertTokens,
  {
    blocks,
    onShare,
    signal,
  }: { readonly blocks: readonly number[]; readonly onShare: (share: number) => void; readonly signal?: AbortSignal },
): Promise<ReadonlyMap<number, RidgeRegression>> {
  const { width } = model.hyperparameters;
  const fits = new Map(blocks.map((block) => [block, new RidgeRegression(width, texts.length)]));
  const total = texts.flat().reduce((sum, text) => sum + text.length, 0);
  let done = 0;
  for (const [expert, ofExpert] of texts.entries())
    for (const text of ofExpert) {
      sequence.truncate(0);
      if (beginning.length > 0) await network.evaluate(sequence, beginning, 'none');
      for (let start = 0; start < text.length; start += CHUNK_TOKENS) {
        signal?.throwIfAborted();
        const chunk = text.slice(start, start + CHUNK_TOKENS);
        const norms = await network.norms(sequence, chunk);
        for (const [block, fit] of fits) fit.add(inputOf(block, norms), expert);
        onShare((done += chunk.length) / total);
      }
    }
  return fits;
}

function inputOf(block: number, norms: ReadonlyMap<string, Float32Array>): Float32Array {
  const input = norms.get(`blk.${block}.attn_norm`);
  if (!input) throw new Error(`No hidden state was read for blk.${block}.attn_norm.`);
  return input;
}

/** A softmax of scores divided by the temperature is one of weights divided by it. */
function routerOf(block: number, fit: RidgeRegression, { lambda, temperature }: ClosedFormOptions): Float32Array {
  try {
    return Float32Array.from(
      fit.weights(lambda).flatMap((weights) => Array.from(weights, (value) => value / temperature)),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TroubleError(
      'invalid-model',
      `The router of block ${block} can't be fitted: the model's hidden states on the texts are infinite or NaN, so it is damaged or its training diverged.`,
      { cause: error },
    );
  }
}
