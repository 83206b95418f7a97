import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import type { MakingOptions } from './making.ts';
import { checkTokens } from '../models/evaluator.ts';
import { parseCacheChoice, type CacheChoice } from '../models/chorus/cache/cacheChoice.ts';
import { LayerMajorPrefill } from '../models/chorus/selection/layerMajor.ts';
import type { SelectionPlan } from '../models/chorus/selection/layerSelection.ts';
import { BATCH_TOKENS } from '../models/chorus/network/batchTokens.ts';
import { padRows } from '../models/chorus/cache/rowPadding.ts';
import { checkModel, openNetwork } from '../models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../models/chorus/network/placement.ts';
import { replayPrompts } from '../models/chorus/selection/replayPrompts.ts';
import { openComputeDevice } from '../models/computeDevice.ts';
import { openText } from '../models/llamaCpp/openText.ts';
import { computeThreads } from '../models/threads.ts';
import type { TokenId } from '../protocol/engine.ts';
import type { SelectParams, SelectResult } from './protocol.ts';

/**
 * Selects the rows that each KV head of each layer keeps of a context, including the window.
 *
 * Keys and values are float32, so only the rounding of the weights affects scores. A text begins with the
 * beginning-of-sequence token if the model uses it; token ids are used unchanged. Throws `TroubleError`.
 */
export async function selectRows(params: SelectParams, options: MakingOptions = {}): Promise<SelectResult> {
  const choice = parseCacheChoice(params.cache, { mayDifferByHead: true });
  const threads = await computeThreads(params.threads);
  const { hyperparameters, architecture } = await checkModel(params.modelPath);
  if (hyperparameters.recurrent)
    throw new TroubleError(
      'unsupported-model',
      `${path.basename(params.modelPath)} has recurrent blocks (${architecture.name}), which keep no rows to select from.`,
    );
  const { tokens, replay } = await readContext(params, choice, threads);
  checkTokens(hyperparameters, tokens);
  using device = await openComputeDevice(params.device, { threads });
  using opened = await openNetwork(params.modelPath, {
    placement: onOneDevice(device),
    capacityTokens: padRows(Math.min(choice.capacity, tokens.length)),
    cacheType: 'F32',
    signal: options.signal,
  });
  const selection = { ...choice, replay, tellsRows: true } satisfies SelectionPlan;
  using prefill = new LayerMajorPrefill(
    opened.network.options,
    [{ tokens, targets: [{ sequence: opened.sequence, selection }] }],
    { chunkTokens: BATCH_TOKENS, cacheType: 'F32' },
  );
  while (!prefill.isDone) {
    options.signal?.throwIfAborted();
    await prefill.step();
    options.onProgress?.({ step: 'Reading', share: prefill.share });
  }
  return { tokens: tokens.length, layers: (prefill.kept[0] ?? []).map((heads) => ({ heads })) };
}

/** Opens the tokenizer only if it is needed, since not every model has one. */
async function readContext(
  { modelPath, context, device }: SelectParams,
  { selector }: CacheChoice,
  threads: number,
): Promise<{ readonly tokens: readonly TokenId[]; readonly replay?: SelectionPlan['replay'] }> {
  const isReplayed = selector.observation?.of === 'replay';
  if ('tokens' in context && !isReplayed) return context;
  const opened = await openText(modelPath, { device, threads });
  try {
    const { text } = opened;
    const tokenize = (given: string): readonly TokenId[] => text.tokenize(given, false);
    const { bos, addBos } = text.special;
    const replay = isReplayed ? replayPrompts(tokenize) : undefined;
    if ('tokens' in context) return { tokens: context.tokens, replay };
    const tokens = tokenize(context.text);
    return { tokens: addBos && bos !== undefined && tokens.length > 0 ? [bos, ...tokens] : tokens, replay };
  } finally {
    await opened.dispose();
  }
}
