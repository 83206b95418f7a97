import type { TokenId } from '../../../protocol/engine.ts';
import type { WholePrompt } from '../../backend.ts';
import { BATCH_TOKENS } from '../network/batchTokens.ts';
import type { Network } from '../network/network.ts';
import { LayerMajorPrefill } from './layerMajor.ts';
import type { PrefillTarget } from './prompts.ts';
import { stepTokens } from './stepTokens.ts';

/** A cache that a prompt is read into. */
export interface ReadTarget extends PrefillTarget {
  /** Takes the logits of the prompt's last token. */
  holdLogits?(logits: Float32Array): void;
}

/**
 * Reads prompts layer by layer into several caches of a network, in place of their contents. Each cache keeps the rows
 * that its selection chooses, or all rows if it has none. A prefix that the prompts share is read once. All sequences
 * have one purpose.
 */
export function readTogether(
  network: Network,
  prompts: readonly { readonly tokens: readonly TokenId[]; readonly targets: readonly ReadTarget[] }[],
): WholePrompt {
  const sequences = prompts.flatMap(({ targets }) => targets.map(({ sequence }) => sequence));
  for (const sequence of sequences) sequence.truncate(0);
  const options = sequences[0] ? network.optionsFor(sequences[0]) : network.options;
  const prefill = new LayerMajorPrefill(options, prompts, {
    chunkTokens: BATCH_TOKENS,
    stepTokens: stepTokens(options.hyperparameters, options.placement),
  });
  return {
    get isDone() {
      return prefill.isDone;
    },
    step: async () => {
      await network.exclusively(() => prefill.step());
      if (!prefill.isDone) return;
      for (const [index, { targets }] of prompts.entries())
        for (const target of targets) target.holdLogits?.(prefill.logits[index] as Float32Array);
    },
    [Symbol.dispose]: () => prefill[Symbol.dispose](),
  };
}
