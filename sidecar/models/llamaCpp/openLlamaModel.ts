import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import path from 'node:path';
import { countNativeCall } from '../../../kernels/ggml/nativeCalls.ts';
import { ModelText } from '../modelText.ts';
import { availableMemoryBytes } from '../availableMemory.ts';
import { planMemory, type MemoryPlan } from '../memory.ts';
import type { OpenedModel, OpenRequest } from '../openedModel.ts';
import type { Evaluator } from '../evaluator.ts';
import { LibLlama } from './libLlama.ts';
import { LlamaBackend } from './llamaBackend.ts';
import { loadFailure, loadLlamaModel } from './loadLlamaModel.ts';

const CPU_BATCH_TOKENS = 128;
const GPU_BATCH_TOKENS = 512;

/** Opens a model with node-llama-cpp. Throws `TroubleError`. */
export async function openLlamaModel(request: OpenRequest): Promise<OpenedModel> {
  const { device } = request;
  const plan = await planFor(request);
  const model = await loadLlamaModel(request, {
    gpuLayers: device.device === 'cpu' ? 0 : { fitContext: { contextSize: plan.contextSizeTokens * plan.sequences } },
    // If a context shifts or drops rows of a sliding window, it can't be continued from an earlier prefix.
    defaultContextSwaFullCache: true,
    onLoadProgress: request.onProgress,
  });
  try {
    const text = await ModelText.of(model, request.file);
    const context = await createContext(request, model, plan);
    return {
      engine: 'llama',
      backend: new LlamaBackend(device.llama, model, context, text.vocabulary, text.special.endOfGeneration),
      text,
      limits: ['Contexts are kept whole in memory: this engine does not compress them.', ...withoutAdapters(request)],
      evaluator: () => evaluatorOf(request, plan.contextSizeTokens),
      deviceMemoryBytes: () => model.memoryUsage.vram + context.memoryUsage.vram,
      dispose: async () => {
        await context.dispose();
        await model.dispose();
      },
    };
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

/** A sentence if the model has experts or adapters, which only Chorus's own engine applies. */
function withoutAdapters({ params: { experts, adapters = [] } }: OpenRequest): readonly string[] {
  const all = [...(experts === undefined ? [] : [experts]), ...adapters];
  if (all.length === 0) return [];
  const names = all.map((file) => path.basename(file)).join(', ');
  return [`llama.cpp runs the model without ${names}: adapters need Chorus's own engine (chorus.engine, --engine).`];
}

/** Uses a separate context, since node-llama-cpp returns tokens and not logits. */
function evaluatorOf({ params, device, threads }: OpenRequest, contextSizeTokens: number): Evaluator {
  const llama = new LibLlama(params.modelPath, {
    build: device.device,
    contextSizeTokens,
    threads,
    gpuLayers: device.device === 'cpu' ? 0 : 999,
  });
  let past = 0;
  return {
    vocabularySize: llama.vocabularySize,
    contextSizeTokens,
    reset: () => {
      llama.clear();
      past = 0;
    },
    evaluate: async (tokens, wanted) => {
      const rows = llama.decode(tokens, past, { all: wanted === 'all', read: wanted !== 'none' });
      past += tokens.length;
      const all = new Float32Array(rows.length * llama.vocabularySize);
      rows.forEach((row, index) => all.set(row, index * llama.vocabularySize));
      return all;
    },
    dispose: () => llama[Symbol.dispose](),
  };
}

async function planFor({ params, file, device }: OpenRequest): Promise<MemoryPlan> {
  const graphics = device.device === 'cpu' ? undefined : await device.llama.getVramState();
  const main = await availableMemoryBytes();
  return planMemory({
    modelName: path.basename(params.modelPath),
    shape: file.shape,
    weightBytes: file.shape.weightBytes,
    availableBytes: main + (graphics ? Math.max(0, graphics.free - graphics.unifiedSize) : 0),
    batchTokens: device.device === 'cpu' ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS,
    scoredTokens: device.device === 'cpu' ? CPU_BATCH_TOKENS : 0,
    contextSizeTokens: params.contextSizeTokens,
  });
}

async function createContext(request: OpenRequest, model: LlamaModel, plan: MemoryPlan): Promise<LlamaContext> {
  const isCpu = request.device.device === 'cpu';
  try {
    return await countNativeCall(() =>
      model.createContext({
        sequences: plan.sequences,
        contextSize: plan.contextSizeTokens,
        batchSize: Math.min(isCpu ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS, plan.contextSizeTokens),
        threads: request.threads,
        // On the CPU the flash kernel reads a key-value head once per query head. At depth 4,000, chunks of 16 tokens
        // take 1.5 times as long.
        flashAttention: isCpu ? false : 'auto',
        failedCreationRemedy: false,
      }),
    );
  } catch (error) {
    throw loadFailure(request, error);
  }
}
