import { InsufficientMemoryError, type LlamaContext, type LlamaModel, type Token } from 'node-llama-cpp';
import { access } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { TroubleError, type Engine } from '../../engine/engine.ts';
import { Scheduler } from '../../engine/scheduler.ts';
import type { ChatTemplateParams, EngineStatistics, LoadedModel, LoadParams, SpecialTokens, TokenId } from '../../protocol/engine.ts';
import { readGgufHeader, type GgufHeader } from '../gguf/header.ts';
import { allParts, splitPart, validateModel, type ModelShape } from '../gguf/validate.ts';
import { readVocabulary, type Vocabulary } from '../gguf/vocabulary.ts';
import { ChatTemplate } from './chatTemplate.ts';
import { openDevice, type OpenedDevice } from './device.ts';
import { LlamaBackend } from './llamaBackend.ts';
import { availableMemoryBytes, planMemory, type MemoryPlan } from './memory.ts';
import { specialTokens } from './specialTokens.ts';
import { computeThreads } from './threads.ts';

/** Text longer than this is refused: tokenising it would block the engine for seconds. */
const MAX_TOKENIZE_UNITS = 8 * 1024 * 1024;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const CPU_BATCH_TOKENS = 128;
const GPU_BATCH_TOKENS = 512;
const KEPT_LOG_LINES = 20;

interface Loaded {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly vocabulary: Vocabulary;
  readonly special: SpecialTokens;
  readonly scheduler: Scheduler;
  readonly template: ChatTemplate | TroubleError | undefined;
  readonly described: LoadedModel;
}

/** The engine for every GGUF that llama.cpp reads, on node-llama-cpp. Lives in the engine process: what it calls may abort. */
export class LlamaCppEngine implements Engine {
  private opened: (OpenedDevice & { readonly key: string }) | undefined;
  private loaded: Loaded | undefined;
  private logLines: string[] = [];

  constructor(private readonly options: { readonly log: (line: string) => void }) {}

  async load(params: LoadParams, options: { onProgress?: (share: number) => void; signal?: AbortSignal } = {}): Promise<LoadedModel> {
    await this.unload();
    const { header, shape, weightBytes } = await inspect(params.modelPath);
    const threads = await computeThreads(params.threads);
    const device = await this.open(params, threads);
    const plan = await this.plan({ params, shape, weightBytes, device });
    this.logLines = [];
    const model = await this.loadModel(params, device, plan, options);
    try {
      this.loaded = await this.prepare({ params, header, shape, weightBytes, threads, device, plan, model });
    } catch (error) {
      await model.dispose();
      throw error;
    }
    return this.loaded.described;
  }

  async unload(): Promise<void> {
    const loaded = this.loaded;
    this.loaded = undefined;
    if (!loaded) return;
    loaded.scheduler.stop();
    await loaded.context.dispose();
    await loaded.model.dispose();
  }

  async tokenize(text: string, options: { special?: boolean } = {}): Promise<readonly TokenId[]> {
    return tokenizeWith(this.ready().model, text, options.special ?? false);
  }

  async detokenize(tokens: readonly TokenId[], options: { special?: boolean } = {}): Promise<string> {
    const { vocabulary } = this.ready();
    return Buffer.concat(tokens.map((token) => vocabulary.tokenBytes(token, options))).toString('utf8');
  }

  async chatTemplate(params: ChatTemplateParams): Promise<readonly TokenId[]> {
    const { template, described } = this.ready();
    if (template === undefined) throw new TroubleError('unsupported-model', `${described.name} has no chat template: choose an instruction-tuned model to chat.`);
    if (template instanceof TroubleError) throw template;
    return template.tokens(params);
  }

  async generate(...[request, options]: Parameters<Engine['generate']>): ReturnType<Engine['generate']> {
    return this.ready().scheduler.generate(request, options);
  }

  async releaseSequence(sequence: string): Promise<void> {
    this.loaded?.scheduler.releaseSequence(sequence);
  }

  async statistics(): Promise<EngineStatistics | undefined> {
    if (!this.loaded) return undefined;
    return { ...this.loaded.scheduler.currentStatistics(), memoryBytes: this.memoryBytes(this.loaded.model, this.loaded.context), contextSizeTokens: this.loaded.context.contextSize };
  }

  async dispose(): Promise<void> {
    await this.unload();
    await this.opened?.llama.dispose();
    this.opened = undefined;
  }

  private ready(): Loaded {
    if (!this.loaded) throw new TroubleError('no-model', 'No model is loaded.');
    return this.loaded;
  }

  private async open(params: LoadParams, threads: number): Promise<OpenedDevice> {
    const key = `${params.device} ${threads}`;
    if (this.opened?.key === key) return this.opened;
    await this.opened?.llama.dispose();
    this.opened = undefined;
    const opened = await openDevice(params.device, { threads, log: (line) => this.log(line) });
    this.opened = { ...opened, key };
    return opened;
  }

  private async plan({ params, shape, weightBytes, device }: { params: LoadParams; shape: ModelShape; weightBytes: number; device: OpenedDevice }): Promise<MemoryPlan> {
    const graphics = device.device === 'cpu' ? undefined : await device.llama.getVramState();
    const main = await availableMemoryBytes();
    return planMemory({
      modelName: path.basename(params.modelPath),
      shape,
      weightBytes,
      availableBytes: main + (graphics ? Math.max(0, graphics.free - graphics.unifiedSize) : 0),
      batchTokens: device.device === 'cpu' ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS,
      keepsScores: device.device === 'cpu',
      contextSizeTokens: params.contextSizeTokens,
    });
  }

  private async loadModel(params: LoadParams, device: OpenedDevice, plan: MemoryPlan, options: { onProgress?: (share: number) => void; signal?: AbortSignal }): Promise<LlamaModel> {
    try {
      return await device.llama.loadModel({
        modelPath: params.modelPath,
        gpuLayers: device.device === 'cpu' ? 0 : { fitContext: { contextSize: plan.contextSizeTokens * plan.sequences } },
        // A context that shifts or forgets rows of a sliding window can't be continued from an earlier prefix.
        defaultContextSwaFullCache: true,
        onLoadProgress: options.onProgress,
        loadSignal: options.signal,
      });
    } catch (error) {
      if (options.signal?.aborted) throw new TroubleError('engine-failed', `Loading ${path.basename(params.modelPath)} was cancelled.`, { cause: error });
      throw this.loadFailure(params, error);
    }
  }

  private async prepare(parts: {
    params: LoadParams; header: GgufHeader; shape: ModelShape; weightBytes: number; threads: number; device: OpenedDevice; plan: MemoryPlan; model: LlamaModel;
  }): Promise<Loaded> {
    const { params, header, shape, model, plan, threads, device } = parts;
    const vocabulary = await readVocabulary(params.modelPath);
    if (!vocabulary) {
      throw new TroubleError('unsupported-model', `${path.basename(params.modelPath)} has a tokenizer of kind ${String(header.metadata.get('tokenizer.ggml.model'))}, which can't be used.`);
    }
    const special = specialTokens(model, header, vocabulary);
    const context = await this.createContext(params, model, plan, threads, device);
    const backend = new LlamaBackend(device.llama, model, context, vocabulary, special.endOfGeneration);
    const scheduler = new Scheduler(backend, { attentionCostSlope: attentionCostSlope(shape) });
    await scheduler.warmUp(special.bos ?? special.eos ?? 0);
    const chatTemplate = header.metadata.get('tokenizer.chat_template');
    const template = typeof chatTemplate === 'string' ? readTemplate(chatTemplate, model, special, vocabulary) : undefined;
    const described: LoadedModel = {
      name: String(header.metadata.get('general.name') ?? path.basename(params.modelPath, '.gguf')),
      path: params.modelPath,
      architecture: shape.architecture,
      engine: 'llama',
      device: device.label,
      deviceReasons: device.reasons,
      engineLimits: ['Contexts are kept whole in memory: this engine does not compress them.'],
      sizeBytes: parts.weightBytes,
      memoryBytes: this.memoryBytes(model, context),
      threads,
      vocabularySize: vocabulary.size,
      contextSizeTokens: context.contextSize,
      trainContextTokens: shape.trainContextTokens,
      special,
      chatTemplate: typeof chatTemplate === 'string' ? chatTemplate : undefined,
      supportsToolCalling: template instanceof ChatTemplate && template.supportsToolCalling,
      metadata: promptMetadata(header),
    };
    return { model, context, vocabulary, special, scheduler, template, described };
  }

  private async createContext(params: LoadParams, model: LlamaModel, plan: MemoryPlan, threads: number, device: OpenedDevice): Promise<LlamaContext> {
    try {
      return await model.createContext({
        sequences: plan.sequences,
        contextSize: plan.contextSizeTokens,
        batchSize: Math.min(device.device === 'cpu' ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS, plan.contextSizeTokens),
        threads,
        // On the CPU the flash kernel reads a key-value head once per query head: at depth 4,000 chunks of 16 tokens take 1.5 times as long.
        flashAttention: device.device === 'cpu' ? false : 'auto',
        failedCreationRemedy: false,
      });
    } catch (error) {
      throw this.loadFailure(params, error);
    }
  }

  private loadFailure(params: LoadParams, error: unknown): TroubleError {
    const name = path.basename(params.modelPath);
    const detail = this.logLines.join('\n') || undefined;
    const unknown = this.logLines.map((line) => /unknown model architecture: '([^']*)'/.exec(line)?.[1]).find((found) => found !== undefined);
    if (unknown !== undefined) return new TroubleError('unsupported-model', `${name} has the architecture "${unknown}", which this engine doesn't know.`, { cause: error, detail });
    if (error instanceof InsufficientMemoryError) return new TroubleError('out-of-memory', `${name} doesn't fit into memory: ${error.message}`, { cause: error, detail });
    return new TroubleError('invalid-model', `${name} can't be loaded: ${error instanceof Error ? error.message : String(error)}`, { cause: error, detail });
  }

  private memoryBytes(model: LlamaModel, context: LlamaContext): number {
    return process.memoryUsage.rss() + model.memoryUsage.vram + context.memoryUsage.vram;
  }

  private log(line: string): void {
    this.logLines = [...this.logLines.slice(1 - KEPT_LOG_LINES), line];
    this.options.log(line);
  }
}

/** Checks a file, and all its parts if it is split, before anything native reads it. */
async function inspect(modelPath: string): Promise<{ header: GgufHeader; shape: ModelShape; weightBytes: number }> {
  const split = splitPart(modelPath);
  if (split && split.part !== 1) throw new TroubleError('invalid-model', `${path.basename(modelPath)} is part ${split.part} of ${split.parts}: choose the first part.`);
  const header = await readGgufHeader(modelPath);
  const shape = validateModel(header);
  let weightBytes = shape.weightBytes;
  for (const part of allParts(modelPath).slice(1)) {
    await access(part).catch((error: unknown) => {
      throw new TroubleError('model-not-found', `A part of the model is missing: ${part}.`, { cause: error });
    });
    weightBytes += (await readGgufHeader(part)).tensors.reduce((sum, tensor) => sum + tensor.sizeBytes, 0);
  }
  return { header, shape, weightBytes };
}

function readTemplate(source: string, model: LlamaModel, special: SpecialTokens, vocabulary: Vocabulary): ChatTemplate | TroubleError {
  try {
    return new ChatTemplate(source, {
      bos: special.bos === undefined ? undefined : { token: special.bos, text: vocabulary.tokenBytes(special.bos, { special: true }).toString('utf8') },
      eosText: special.eos === undefined ? '' : vocabulary.tokenBytes(special.eos, { special: true }).toString('utf8'),
      addBos: special.addBos,
      specialTexts: vocabulary.specialTexts(),
      tokenize: (text, isSpecial) => tokenizeWith(model, text, isSpecial),
    });
  } catch (error) {
    if (error instanceof TroubleError) return error;
    throw error;
  }
}

function tokenizeWith(model: LlamaModel, text: string, special: boolean): Token[] {
  if (text.length > MAX_TOKENIZE_UNITS) throw new TroubleError('invalid-input', `The text has ${text.length} characters, more than the ${MAX_TOKENIZE_UNITS} that can be tokenised at once.`);
  return model.tokenize(text.replace(LONE_SURROGATE, '\uFFFD'), special);
}

/** Share of a token's cost at depth 0 that one token of depth adds: attention's products against the weights'. */
function attentionCostSlope(shape: ModelShape): number {
  const attention = 4 * shape.blockCount * shape.embeddingLength;
  const weights = 2 * Math.max(1, shape.parameterCount);
  return (1.5 * attention) / weights;
}

function promptMetadata(header: GgufHeader): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  for (const [key, value] of header.metadata) {
    const isPromptKey = key.startsWith('general.') || (key.startsWith('tokenizer.ggml.') && typeof value !== 'string') || key === 'tokenizer.ggml.pre' || key === 'tokenizer.ggml.model';
    if (isPromptKey && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')) kept[key] = value;
  }
  return kept;
}
