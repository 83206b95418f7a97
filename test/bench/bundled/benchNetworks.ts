import os from 'node:os';
import path from 'node:path';
import { Device } from '../../../kernels/ggml/device.ts';
import type { TextEngine } from '../../../sidecar/engine/engine.ts';
import { openNetwork, type OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/network/placement.ts';
import { openDevice, type OpenedDevice } from '../../../sidecar/models/llamaCpp/device.ts';
import { loadLlamaModel } from '../../../sidecar/models/llamaCpp/loadLlamaModel.ts';
import { inspectModelFile, promptMetadata, type ModelFile } from '../../../sidecar/models/modelFile.ts';
import { ChatTemplate } from '../../../sidecar/models/chatTemplate/chatTemplate.ts';
import { TemplateProcess } from '../../../sidecar/models/chatTemplate/templateProcess.ts';
import { ModelText } from '../../../sidecar/models/modelText.ts';
import type { BenchModel } from './models.ts';
import type { LoadedModel } from '../../../sidecar/protocol/engine.ts';

/**
 * A model for measuring, with a network per core. Threads that share a graph wait for each other at every operation,
 * which takes long on a busy machine.
 */
export interface BenchNetworks extends AsyncDisposable {
  readonly networks: readonly OpenedNetwork[];
  readonly text: ModelText;
  readonly template: ChatTemplate;
  /** Tokenises without a delay. */
  readonly engine: TextEngine;
  /** The model in the form that prompts need. */
  readonly loaded: LoadedModel;
}

/** Opens a model on this machine's processor. Throws `TroubleError`. */
export async function openForBench(
  {
    file: modelPath,
    experts,
    adapters = experts === undefined ? [] : [experts],
  }: Pick<BenchModel, 'file' | 'experts'> & { readonly adapters?: readonly string[] },
  { capacityTokens, networks: count = os.availableParallelism() }: { capacityTokens: number; networks?: number },
): Promise<BenchNetworks> {
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  const use = <Resource extends Disposable>(resource: Resource): Resource => {
    closing.push(() => resource[Symbol.dispose]());
    return resource;
  };
  try {
    const file = await inspectModelFile(modelPath);
    const device = await openDevice('cpu', { threads: 1, log: () => undefined });
    closing.push(() => device.llama.dispose());
    const tokenizer = await loadLlamaModel(
      {
        params: { modelPath, engine: 'chorus', device: 'cpu', threads: 1, contextSizeTokens: 0 },
        file,
        device,
        logLines: () => [],
      },
      { vocabOnly: true, gpuLayers: 0 },
    );
    closing.push(() => tokenizer.dispose());
    const text = await ModelText.of(tokenizer, file);
    const templates = new TemplateProcess();
    closing.push(() => templates.dispose());
    const template = new ChatTemplate(text, { fileName: path.basename(modelPath), process: templates });
    const networks: OpenedNetwork[] = [];
    for (let index = 0; index < count; index++)
      networks.push(
        use(
          await openNetwork(modelPath, {
            placement: onOneDevice(use(new Device('cpu', { threads: 1 }))),
            capacityTokens,
            adapters,
          }),
        ),
      );
    return {
      networks,
      text,
      template,
      engine: tokenising(text),
      loaded: described(modelPath, {
        file,
        text,
        device,
        capacityTokens,
        supportsToolCalling: await template.supportsToolCalling(),
      }),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function tokenising(text: ModelText): TextEngine {
  return {
    tokenize: (content, options) => Promise.resolve(text.tokenize(content, options?.special ?? false)),
    detokenize: (tokens, options) => Promise.resolve(text.detokenize(tokens, options)),
  };
}

function described(
  modelPath: string,
  {
    file,
    text,
    device,
    capacityTokens,
    supportsToolCalling,
  }: { file: ModelFile; text: ModelText; device: OpenedDevice; capacityTokens: number; supportsToolCalling: boolean },
): LoadedModel {
  return {
    name: text.name,
    path: modelPath,
    architecture: file.shape.architecture,
    engine: 'chorus',
    device: device.label,
    deviceReasons: [],
    engineLimits: [],
    sizeBytes: file.shape.weightBytes,
    memoryBytes: 0,
    deviceMemoryBytes: 0,
    threads: 1,
    vocabularySize: text.vocabulary.size,
    contextSizeTokens: capacityTokens,
    trainContextTokens: file.shape.trainContextTokens,
    special: text.special,
    chatTemplate: text.templateSource,
    supportsToolCalling,
    metadata: promptMetadata(file.header),
  };
}

/** Processes the items in order, one per worker at a time. */
export async function inParallel<Item, Worker>(
  items: readonly Item[],
  workers: readonly Worker[],
  work: (item: Item, worker: Worker) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    workers.map(async (worker) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next, worker);
    }),
  );
}
