import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { rowBytes, tensorTypes, type TensorType } from '../../../kernels/ggml/types.ts';
import { CHUNK_TOKENS } from '../../keptContexts/chunkNames.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { Hyperparameters } from '../architectures/architecture.ts';
import { evaluateInChunks, type Evaluator } from '../evaluator.ts';
import { VERSION } from '../../common/version.ts';
import { fingerprint } from '../gguf/fingerprint.ts';
import { loadLlamaModel } from '../llamaCpp/loadLlamaModel.ts';
import { ModelText } from '../modelText.ts';
import type { MemoryRequest } from '../memory.ts';
import type { OpenedModel, OpenRequest } from '../openedModel.ts';
import { parseCacheChoice, type CacheChoice } from './cache/cacheChoice.ts';
import { sequenceOptions } from './cache/cacheLayout.ts';
import { ChorusBackend } from './chorusBackend.ts';
import type { ChorusSequence } from './chorusSequence.ts';
import { ChoosingHeads } from './tiers/choosingHeads.ts';
import { tierRows } from './tiers/choiceSchedule.ts';
import { tierGraphBytes } from './tiers/tierGraphBytes.ts';
import { lastAttendingAll, type TierOptions } from './tiers/tierOptions.ts';
import { BATCH_TOKENS } from './network/batchTokens.ts';
import { scoredType } from './tiers/scoredKeys.ts';
import { Network } from './network/network.ts';
import { openFailure } from './openFailure.ts';
import { checkModel } from './network/openNetwork.ts';
import { onOneDevice, onTwoDevices, withSlowTierOn } from './network/placement.ts';
import { planModel } from './planModel.ts';
import { mostObservedBytes } from './selection/promptChunks.ts';
import { SequenceCache } from './cache/sequenceCache.ts';
import { replayPrompts } from './selection/replayPrompts.ts';
import { withTiedOutput } from './network/tiedOutput.ts';
import { Tiers } from './tiers/tiers.ts';
import { loadWeights } from './network/weights.ts';

/** That every type's size is told of exactly. */
const BLOCK_ELEMENTS = 256;
/** Rows for what follows a prompt of which only some are kept. */
const ANSWER_ROWS = 2_048;

/** Opens a model on our own graphs. Throws `TroubleError`; 'unsupported-model' where another engine may run it. */
export async function openChorusModel(request: OpenRequest): Promise<OpenedModel> {
  const { params, file, threads } = request;
  const model = await checkModel(params.modelPath);
  const choice = parseCacheChoice(params.cache ?? 'full');
  // A layer that attends a window of the last tokens can't choose others.
  const tier = model.hyperparameters.sliding ? undefined : choice.tier;
  checkCacheType(tier?.cacheType, model.hyperparameters.headSize, params.cache);
  const keptRows = choice.capacity === Infinity ? undefined : choice.capacity + ANSWER_ROWS;
  const plan = await planModel(request, model, {
    batchTokens: BATCH_TOKENS,
    keptRows,
    choosing: choosingOf(choice, model.hyperparameters),
    tier: tier && tierNeeds(tier, request.device.device, model.hyperparameters),
    tierInMainMemory: tier && tierNeeds(tier, 'cpu', model.hyperparameters),
  });
  const tokenizer = await loadLlamaModel(request, { vocabOnly: true, gpuLayers: 0 });
  const resources: Disposable[] = [];
  const use = <Resource extends Disposable>(resource: Resource): Resource => {
    resources.push(resource);
    return resource;
  };
  const free = async (): Promise<void> => {
    for (const resource of resources.splice(0).reverse()) resource[Symbol.dispose]();
    await tokenizer.dispose();
  };
  try {
    const text = await ModelText.of(tokenizer, file);
    const device = use(new Device(request.device.device, { threads }));
    const cpu =
      plan.split || plan.slowTierInMainMemory
        ? use(new Device('cpu', { build: request.device.device, threads }))
        : undefined;
    const weightsPlaced = cpu && plan.split ? onTwoDevices(device, cpu, plan.split) : onOneDevice(device);
    const placement = cpu && plan.slowTierInMainMemory ? withSlowTierOn(cpu, weightsPlaced) : weightsPlaced;
    const modelKey = await fingerprint(model.headers);
    const heads =
      tier &&
      (await ChoosingHeads.of(tier, {
        hyperparameters: model.hyperparameters,
        text,
        contextSizeTokens: plan.contextSizeTokens,
        modelKey,
        file: params.headNeedsFile,
      }));
    const loadingShare = heads?.isMeasuring ? 0.5 : 1;
    const { specs, tensors } = withTiedOutput(model, placement);
    const totalBytes = specs.reduce((sum, { name }) => sum + (tensors.get(name)?.sizeBytes ?? 0), 0);
    let loadedBytes = 0;
    const weights = use(
      await loadWeights(placement, specs, tensors, {
        signal: request.signal,
        onBytes: (bytes) => request.onProgress?.(loadingShare * Math.min(1, (loadedBytes += bytes) / totalBytes)),
      }),
    );
    const selection =
      choice.capacity === Infinity
        ? undefined
        : { ...choice, replay: replayPrompts((words) => text.tokenize(words, false)) };
    const { architecture, hyperparameters } = model;
    const caches = Array.from({ length: plan.sequences }, () =>
      use(
        new SequenceCache(
          placement,
          hyperparameters,
          Math.min(plan.contextSizeTokens, keptRows ?? Infinity),
          sequenceOptions(tier),
        ),
      ),
    );
    const network = use(new Network({ architecture, hyperparameters, placement, weights }));
    const runs = await heads?.runs(network, {
      signal: request.signal,
      onProgress: (share) => request.onProgress?.(loadingShare + (1 - loadingShare) * share),
    });
    const tiers = tier ? caches.map((cache) => use(new Tiers(network, cache, tier, runs))) : [];
    const backend = new ChorusBackend({
      network,
      caches,
      tiers,
      contextSizeTokens: plan.contextSizeTokens,
      selection,
      text,
      llama: request.device.llama,
      tokenizer,
    });
    const rowsKey = JSON.stringify([VERSION, modelKey, tier ? { ...tier, refreshedHeads: undefined } : 'full']);
    for (const sequence of backend.sequences) sequence.offerRows(rowsKey, CHUNK_TOKENS);
    return {
      engine: 'chorus',
      backend,
      text,
      limits: plan.reason ? [plan.reason] : [],
      evaluator: () =>
        evaluatorOf(network, caches[0] as SequenceCache, backend.sequences[0] as ChorusSequence, {
          contextSizeTokens: plan.contextSizeTokens,
          keptRows: choice.capacity,
        }),
      deviceMemoryBytes: () => [weights, network, ...caches, ...tiers].reduce((sum, { gpuBytes }) => sum + gpuBytes, 0),
      dispose: async () => {
        await network.settled();
        await free();
      },
    };
  } catch (error) {
    await free();
    throw openFailure(request, error);
  }
}

/** The scheduler's first sequence, which it finds empty afterwards. */
function evaluatorOf(
  network: Network,
  cache: SequenceCache,
  sequence: ChorusSequence,
  { contextSizeTokens, keptRows }: { readonly contextSizeTokens: number; readonly keptRows: number },
): Evaluator {
  const evaluator: Evaluator = {
    vocabularySize: network.options.hyperparameters.vocabularySize,
    contextSizeTokens,
    reset: () => cache.truncate(0),
    // What follows a prompt is an answer.
    evaluate: (tokens, wanted) => sequence.forward(tokens, { wanted, isAnswer: true }),
    readPrompt: async (tokens, signal) => {
      using reading = sequence.readWhole([...cache.tokens, ...tokens]);
      if (!reading)
        return evaluateInChunks(
          { evaluate: (some, wanted) => sequence.forward(some, { wanted, isAnswer: false }) },
          tokens,
          signal,
        );
      while (!reading.isDone) {
        signal?.throwIfAborted();
        await reading.step();
      }
    },
    wholeTokens: keptRows,
    roomBehind: (promptTokens) => cache.capacity - Math.min(promptTokens, keptRows),
    dispose: () => cache.truncate(0),
  };
  return evaluator;
}

/** What attending some of a context takes, where a device of such a kind keeps all of it. */
function tierNeeds(tier: TierOptions, kind: DeviceKind, { headSize }: Hyperparameters): MemoryRequest['tier'] {
  const scored = scoredType(tier, kind, headSize);
  const elementBytes = (type: TensorType): number => rowBytes(type, BLOCK_ELEMENTS) / BLOCK_ELEMENTS;
  return {
    rows: tierRows(tier),
    longerThan: lastAttendingAll(tier),
    graphBytes: (rows, shape) => tierGraphBytes(tier, rows, shape),
    cacheElementBytes: elementBytes(tier.cacheType),
    // Of keys, which are half of what is kept.
    scoredElementBytes: scored ? elementBytes(scored) / 2 / tier.meanRows : 0,
  };
}

/** What choosing rows takes while a prompt is read. */
function choosingOf(
  { selector, capacity, window }: CacheChoice,
  { headSize }: Hyperparameters,
): MemoryRequest['choosing'] {
  const { observation } = selector;
  const tokens = observation?.of === 'window' ? Math.min(window, BATCH_TOKENS) : BATCH_TOKENS;
  return {
    longerThan: capacity,
    observedBytes: (rows, heads) =>
      mostObservedBytes(tokens, observation?.tokenBytes?.({ rows, heads, headSize }) ?? 0),
    scoringBytes: (rows, heads) => selector.scoringBytes?.({ rows, heads, headSize }) ?? 0,
    readings: observation?.of === 'replay' ? 2 : 1,
  };
}

/** Throws `TroubleError` 'invalid-input' where a head's values can't be cut into a type's blocks. */
function checkCacheType(type: TensorType = 'F16', headSize: number, cache: string | undefined): void {
  const { blockElements } = tensorTypes[type];
  if (headSize % blockElements !== 0)
    throw new TroubleError(
      'invalid-input',
      `The cache "${cache ?? ''}" keeps rows in ${type}, in blocks of ${blockElements} values; this model's heads have ${headSize}. Leave out "type".`,
    );
}
