import type { LlamaModel } from 'node-llama-cpp';
import { Device } from '../../../kernels/ggml/device.ts';
import { loadNativeKernels } from '../../../kernels/native/library.ts';
import { VERSION } from '../../common/version.ts';
import { CHUNK_TOKENS } from '../../keptContexts/chunkNames.ts';
import { PURPOSES, type Purpose } from '../../protocol/engine.ts';
import { adaptersFor, withAdapters } from '../adapters/withAdapters.ts';
import { openAdapters, withFactors, type OpenedAdapters } from '../adapters/openAdapters.ts';
import { fingerprint } from '../gguf/fingerprint.ts';
import { loadLlamaModel } from '../llamaCpp/loadLlamaModel.ts';
import { ModelText } from '../modelText.ts';
import type { OpenedModel, OpenRequest } from '../openedModel.ts';
import type { AttendedCache } from './cache/attendedCache.ts';
import type { CacheChoice } from './cache/cacheChoice.ts';
import { sequenceOptions } from './cache/cacheLayout.ts';
import { cacheFor, cacheNeeds, mostRows } from './cache/cacheNeeds.ts';
import { openCache } from './cache/openCache.ts';
import { SequenceCache } from './cache/sequenceCache.ts';
import { ChorusBackend } from './chorusBackend.ts';
import { chorusEvaluator } from './chorusEvaluator.ts';
import type { ChorusSequence } from './chorusSequence.ts';
import { BATCH_TOKENS } from './network/batchTokens.ts';
import { Network } from './network/network.ts';
import { checkModel, type CheckedModel } from './network/openNetwork.ts';
import { onOneDevice, onTwoDevices, withSlowTierOn, type Placement } from './network/placement.ts';
import { withTiedOutput } from './network/tiedOutput.ts';
import { loadWeights, type PlacedWeights } from './network/weights.ts';
import { openFailure } from './openFailure.ts';
import { planModel, type ModelPlan } from './planModel.ts';
import { ChoosingHeads } from './tiers/choosingHeads.ts';
import { WorkspaceExperts } from './workspaceExperts.ts';

/** A model that was checked, how it will be held, and its vocabulary. */
interface PlannedModel {
  readonly model: CheckedModel;
  readonly adapters: OpenedAdapters;
  readonly choice: CacheChoice;
  readonly plan: ModelPlan;
  /** These two settle while the weights are read. */
  readonly vocabulary: Promise<LlamaModel>;
  readonly text: Promise<ModelText>;
  /** Has a resource freed with the model, in reverse order. */
  readonly use: <Resource extends Disposable>(resource: Resource) => Resource;
}

/** Opens a model on Chorus's own graphs. Throws `TroubleError`: 'unsupported-model' if another engine may run it. */
export async function openChorusModel(request: OpenRequest): Promise<OpenedModel> {
  const { params, device, file } = request;
  const model = await checkModel(params.modelPath, file.headers);
  const adapters = await openAdapters(params.adapters ?? [], model, params.experts);
  const choice = cacheFor(model.hyperparameters, params.cache);
  const plan = await planModel(request, withFactors(model, adapters), {
    batchTokens: BATCH_TOKENS,
    ...cacheNeeds(choice, device.device, model.hyperparameters),
  });
  // The memory was planned above, and a vocabulary takes none of a GPU.
  const vocabulary = loadLlamaModel(request, { vocabOnly: true, gpuLayers: 0, ignoreMemorySafetyChecks: true });
  const text = vocabulary.then((tokenizer) => ModelText.of(tokenizer, file));
  const unreadable = new AbortController();
  text.catch((error: unknown) => unreadable.abort(error));
  const resources: Disposable[] = [];
  const use: PlannedModel['use'] = (resource) => {
    resources.push(resource);
    return resource;
  };
  const free = async (): Promise<void> => {
    for (const resource of resources.splice(0).reverse()) resource[Symbol.dispose]();
    await text.catch(() => undefined);
    await vocabulary.then(
      (tokenizer) => tokenizer.dispose(),
      () => undefined,
    );
  };
  try {
    const signal = AbortSignal.any([unreadable.signal, ...(request.signal ? [request.signal] : [])]);
    const planned = { model, adapters, choice, plan, vocabulary, text, use };
    const { network, ...parts } = await open({ ...request, signal }, planned);
    const dispose = async (): Promise<void> => {
      await network.settled();
      await free();
    };
    const used = adapters.used.map(({ name, path, mixture }) => ({
      name,
      path,
      experts: mixture?.experts ?? 1,
      ...(path === params.experts ? { isOwn: true } : {}),
    }));
    return { engine: 'chorus', ...parts, adapters: used, limits: limitsOf(request, planned), dispose };
  } catch (error) {
    await free();
    throw openFailure(request, error);
  }
}

/** The sentences of `OpenedModel.limits`. */
function limitsOf(
  { params: { cache = 'full' } }: OpenRequest,
  { model, adapters, plan }: PlannedModel,
): readonly string[] {
  const isCacheUnused = model.hyperparameters.recurrent !== undefined && cache !== 'full';
  return [
    ...(plan.reason ? [plan.reason] : []),
    ...(isCacheUnused
      ? [`Most layers of this model keep a state instead of rows, so that the cache "${cache}" is not used.`]
      : []),
    ...adapters.refused,
  ];
}

async function open(
  request: OpenRequest,
  planned: PlannedModel,
): Promise<Pick<OpenedModel, 'backend' | 'text' | 'evaluator' | 'deviceMemoryBytes'> & { readonly network: Network }> {
  const { model, adapters, choice, plan, vocabulary, use } = planned;
  const { tier } = choice;
  const { contextSizeTokens } = plan;
  const { architecture, hyperparameters } = model;
  const placement = place(request, planned);
  const modelKeys = await keysOf(model, adapters);
  const ofHeads = {
    hyperparameters,
    contextSizeTokens,
    modelKey: modelKeys.completion,
    file: request.params.headNeedsFile,
  };
  const heads = tier && (await ChoosingHeads.of(tier, { ...ofHeads, text: await planned.text }));
  const loadingShare = heads?.isMeasuring ? 0.5 : 1;
  const weights = use(
    withAdapters(await readWeights(request, model, placement, loadingShare), adapters.used, placement),
  );
  const [tokenizer, text] = await Promise.all([vocabulary, planned.text]);
  const rows = Math.min(contextSizeTokens, mostRows(choice));
  const sequences = Array.from({ length: plan.sequences }, () =>
    use(new SequenceCache(placement, hyperparameters, rows, sequenceOptions(tier))),
  );
  const network = use(new Network({ architecture, hyperparameters, placement, weights }));
  const runs = await heads?.runs(network, {
    signal: request.signal,
    onProgress: (share) => request.onProgress?.(loadingShare + (1 - loadingShare) * share),
  });
  const caches = sequences.map((sequence) => use(openCache(network, sequence, { choice, text, runs })));
  const experts = use(workspaceExperts(request, { model, adapters, network, sequences }));
  const rowsKey = (adapterSet: string): string =>
    JSON.stringify([
      VERSION,
      isPurpose(adapterSet) ? modelKeys[adapterSet] : `${modelKeys.base} ${experts.keyOf(adapterSet)}`,
      tier ? { ...tier, refreshedHeads: undefined } : 'full',
    ]);
  const backend = backendOf(request, { contextSizeTokens, tokenizer, network, caches, text, experts, rowsKey });
  const [sequence, cache] = [backend.sequences[0] as ChorusSequence, sequences[0] as SequenceCache];
  const sizes = { vocabularySize: hyperparameters.vocabularySize, contextSizeTokens, keptRows: choice.capacity };
  return {
    network,
    backend,
    text,
    evaluator: () => chorusEvaluator(sequence, cache, sizes),
    deviceMemoryBytes: () =>
      [weights, network, experts, ...sequences, ...caches].reduce((sum, { gpuBytes }) => sum + gpuBytes, 0),
  };
}

const isPurpose = (adapterSet: string): adapterSet is Purpose => (PURPOSES as readonly string[]).includes(adapterSet);

/** Identifies the model alone, and for each purpose the model with the adapters that count. */
async function keysOf(
  { headers }: CheckedModel,
  { used }: OpenedAdapters,
): Promise<Readonly<Record<Purpose | 'base', string>>> {
  const base = await fingerprint(headers);
  const keyOf = (purpose: Purpose): string => [base, ...adaptersFor(used, purpose).map(({ key }) => key)].join(' ');
  return { base, completion: keyOf('completion'), chat: keyOf('chat') };
}

function workspaceExperts(
  { report = () => undefined }: OpenRequest,
  {
    model,
    adapters,
    network,
    sequences,
  }: Pick<PlannedModel, 'model' | 'adapters'> & {
    readonly network: Network;
    readonly sequences: readonly SequenceCache[];
  },
): WorkspaceExperts {
  return new WorkspaceExperts({
    model,
    network,
    others: adaptersFor(adapters.used, 'completion'),
    inUse: () => sequences.map(({ adapterSet }) => adapterSet),
    report,
  });
}

/** `rowsKey`: identifies the rows that adapters compute among those that are kept on disk. */
function backendOf(
  { device: { llama } }: OpenRequest,
  {
    rowsKey,
    ...opened
  }: {
    readonly contextSizeTokens: number;
    readonly tokenizer: LlamaModel;
    readonly network: Network;
    readonly caches: readonly AttendedCache[];
    readonly text: ModelText;
    readonly experts: WorkspaceExperts;
    readonly rowsKey: (adapterSet: string) => string;
  },
): ChorusBackend {
  const backend = new ChorusBackend({ ...opened, llama });
  for (const sequence of backend.sequences) sequence.offerRows(rowsKey, CHUNK_TOKENS);
  return backend;
}

/** Opens the devices that the plan needs, and says where weights and caches are. */
function place({ device: { device: kind }, threads }: OpenRequest, { plan, use }: PlannedModel): Placement {
  const device = use(new Device(kind, { threads }));
  if (!plan.split && !plan.slowTierInMainMemory) return onOneDevice(device);
  const cpu = use(new Device('cpu', { build: kind, threads }));
  const weightsPlaced = plan.split ? onTwoDevices(device, cpu, plan.split) : onOneDevice(device);
  return plan.slowTierInMainMemory ? withSlowTierOn(cpu, weightsPlaced) : weightsPlaced;
}

/** Loads the weights. `share`: how much of the progress that is. */
async function readWeights(
  request: OpenRequest,
  model: CheckedModel,
  placement: Placement,
  share: number,
): Promise<PlacedWeights> {
  const { specs, tensors } = withTiedOutput(model, placement);
  const totalBytes = specs.reduce((sum, { name }) => sum + (tensors.get(name)?.sizeBytes ?? 0), 0);
  let loadedBytes = 0;
  if (placement.device.kind === 'cpu') reportMissingKernels(request);
  return loadWeights(placement, specs, tensors, {
    signal: request.signal,
    onBytes: (bytes) => request.onProgress?.(share * Math.min(1, (loadedBytes += bytes) / totalBytes)),
  });
}

/** Tells why ggml multiplies where our own kernels should. */
function reportMissingKernels({ report }: OpenRequest): void {
  const kernels = loadNativeKernels();
  if ('missing' in kernels && kernels.isFault) report?.(`ggml multiplies on the processor. ${kernels.missing}`);
}
