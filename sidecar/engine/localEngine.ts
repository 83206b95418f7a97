import path from 'node:path';
import process from 'node:process';
import { removeContextSets } from '../keptContexts/contextSets.ts';
import type { Engine } from './engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import { measurePerplexity, measureSpeed, scoreTokens, writeLogits, type Measuring } from './measuring.ts';
import { Scheduler } from './scheduler.ts';
import type { DeviceChoice } from '../protocol/client.ts';
import type {
  ChatTemplateParams,
  DeviceMemory,
  EngineStatistics,
  ForgetContextsParams,
  LoadedModel,
  LoadParams,
  SetTextsParams,
  TokenId,
} from '../protocol/engine.ts';
import { ChatTemplate } from '../models/chatTemplate/chatTemplate.ts';
import { MAX_TEMPLATE_UNITS } from '../models/chatTemplate/messages.ts';
import { TemplateProcess } from '../models/chatTemplate/templateProcess.ts';
import { closeLlama } from '../models/llamaCpp/closeLlama.ts';
import { openDevice, type OpenedDevice } from '../models/llamaCpp/device.ts';
import { attentionCostSlope, inspectModelFile, promptMetadata } from '../models/modelFile.ts';
import type { Evaluator } from '../models/evaluator.ts';
import { TEMPLATE_KEY } from '../models/modelText.ts';
import type { OpenedModel, OpenRequest } from '../models/openedModel.ts';
import { openModel } from '../models/openModel.ts';
import { computeThreads } from '../models/threads.ts';

const KEPT_LOG_LINES = 20;

interface Loaded {
  readonly opened: OpenedModel;
  readonly scheduler: Scheduler;
  readonly template: ChatTemplate;
  readonly described: LoadedModel;
}

/**
 * Runs a model in this process: on Chorus's own graphs if they know its architecture, otherwise with node-llama-cpp.
 * Use it only in the engine process, since its native code may abort.
 */
export class LocalEngine implements Engine, Measuring {
  /** Settles when the last measurement has ended. */
  #measured: Promise<unknown> = Promise.resolve();
  #device: (OpenedDevice & { readonly key: string }) | undefined;
  #loaded: Loaded | undefined;
  #logLines: string[] = [];
  readonly #templates = new TemplateProcess();

  constructor(
    private readonly options: {
      /** Receives the log lines of the native libraries. */
      readonly log: (line: string) => void;
      /** Receives lines for the user's log. */
      readonly report?: (line: string) => void;
    },
  ) {}

  async load(
    params: LoadParams,
    options: { onProgress?: (share: number) => void; signal?: AbortSignal } = {},
  ): Promise<LoadedModel> {
    await this.unload();
    const threads = await computeThreads(params.threads);
    // Processes of their own try the device's library and start for the chat template, while this one reads the file.
    const opening = this.#openDevice(params, threads);
    opening.catch(() => undefined);
    const file = await inspectModelFile(params.modelPath);
    if (file.header.metadata.has(TEMPLATE_KEY)) this.#templates.start();
    const device = await opening;
    this.#logLines = [];
    const { report } = this.options;
    const logLines = (): readonly string[] => this.#logLines;
    const request: OpenRequest = { ...options, params, file, device, threads, report, logLines };
    this.#loaded = await openModel(request, (opened) => this.#prepare(request, opened));
    return this.#loaded.described;
  }

  async unload(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    if (!loaded) return;
    await loaded.scheduler.keepContexts();
    loaded.scheduler.stop();
    await loaded.opened.dispose();
  }

  async tokenize(text: string, options: { special?: boolean } = {}): Promise<readonly TokenId[]> {
    return this.#ready().opened.text.tokenize(text, options.special ?? false);
  }

  async detokenize(tokens: readonly TokenId[], options: { special?: boolean } = {}): Promise<string> {
    return this.#ready().opened.text.detokenize(tokens, options);
  }

  async chatTemplate(params: ChatTemplateParams): Promise<readonly TokenId[]> {
    return this.#ready().template.tokens(params);
  }

  async generate(...[request, options]: Parameters<Engine['generate']>): ReturnType<Engine['generate']> {
    return this.#ready().scheduler.generate(request, options);
  }

  async releaseSequence(sequence: string): Promise<void> {
    this.#loaded?.scheduler.releaseSequence(sequence);
  }

  async hasSequence(sequence: string): Promise<boolean> {
    return this.#loaded?.scheduler.hasSequence(sequence) === true;
  }

  async setTexts(params: SetTextsParams): Promise<void> {
    this.#loaded?.scheduler.setTexts(params);
  }

  async keepContexts(): Promise<void> {
    await this.#loaded?.scheduler.keepContexts();
  }

  async forgetContexts(params: ForgetContextsParams): Promise<void> {
    if (this.#loaded) await this.#loaded.scheduler.forgetContexts(params);
    else await removeContextSets(params.folder, params.name);
  }

  async statistics(): Promise<EngineStatistics | undefined> {
    if (!this.#loaded) return undefined;
    const { opened, scheduler } = this.#loaded;
    return {
      ...scheduler.currentStatistics(),
      ...heldBytes(opened),
      contextSizeTokens: opened.backend.contextSizeTokens,
    };
  }

  logits(...[params, options]: Parameters<Measuring['logits']>): ReturnType<Measuring['logits']> {
    return this.#measure((evaluator) => writeLogits(evaluator, params, options?.signal));
  }

  perplexity(...[params, options]: Parameters<Measuring['perplexity']>): ReturnType<Measuring['perplexity']> {
    const { special } = this.#ready().opened.text;
    const bos = special.addBos ? special.bos : undefined;
    const tokens = this.#ready().opened.text.tokenize(params.text, false);
    return this.#measure((evaluator) =>
      measurePerplexity(evaluator, params, {
        tokens: bos === undefined ? tokens : [bos, ...tokens],
        bos,
        signal: options?.signal,
      }),
    );
  }

  score(...[params, options]: Parameters<Measuring['score']>): ReturnType<Measuring['score']> {
    return this.#measure((evaluator) => scoreTokens(evaluator, params, options?.signal));
  }

  bench(...[params, options]: Parameters<Measuring['bench']>): ReturnType<Measuring['bench']> {
    return this.#measure((evaluator) => measureSpeed(evaluator, params, options?.signal));
  }

  async deviceMemory(choice: DeviceChoice): Promise<DeviceMemory> {
    const { device, label, llama } =
      this.#device ?? (await this.#openDevice({ device: choice }, await computeThreads(0)));
    if (device === 'cpu') return { label };
    const { free, total, unifiedSize } = await llama.getVramState();
    return { label, gpu: { freeBytes: free, totalBytes: total, unifiedBytes: unifiedSize } };
  }

  async dispose(): Promise<void> {
    await this.unload();
    this.#templates.dispose();
    await this.#closeDevice();
  }

  #ready(): Loaded {
    if (!this.#loaded) throw new TroubleError('no-model', 'No model is loaded.');
    return this.#loaded;
  }

  /** Measures one after the other, since an evaluator has a single sequence. */
  #measure<Result>(work: (evaluator: Evaluator) => Promise<Result>): Promise<Result> {
    const measured = this.#measured.then(async () => {
      const evaluator = this.#ready().opened.evaluator();
      try {
        return await work(evaluator);
      } finally {
        evaluator.dispose();
      }
    });
    this.#measured = measured.catch(() => undefined);
    return measured;
  }

  async #openDevice(params: Pick<LoadParams, 'device'>, threads: number): Promise<OpenedDevice> {
    const key = `${params.device} ${threads}`;
    if (this.#device?.key === key) return this.#device;
    await this.#closeDevice();
    const opened = await openDevice(params.device, { threads, log: (line) => this.#log(line) });
    this.#device = { ...opened, key };
    return opened;
  }

  async #closeDevice(): Promise<void> {
    if (this.#device) await closeLlama(this.#device.llama);
    this.#device = undefined;
  }

  async #prepare({ params, file, threads, device }: OpenRequest, opened: OpenedModel): Promise<Loaded> {
    const { backend, text } = opened;
    const scheduler = new Scheduler(backend, {
      attentionCostSlope: attentionCostSlope(file.shape),
      log: this.options.report,
    });
    const template = new ChatTemplate(text, { fileName: path.basename(params.modelPath), process: this.#templates });
    const [supportsToolCalling] = await Promise.all([
      template.supportsToolCalling(),
      scheduler.warmUp(text.special.bos ?? text.special.eos ?? 0),
    ]);
    const described: LoadedModel = {
      name: text.name,
      path: params.modelPath,
      architecture: file.shape.architecture,
      engine: opened.engine,
      device: device.label,
      deviceKind: device.device,
      deviceReasons: device.reasons,
      engineLimits: opened.limits,
      sizeBytes: file.shape.weightBytes,
      ...heldBytes(opened),
      threads,
      vocabularySize: text.vocabulary.size,
      contextSizeTokens: backend.contextSizeTokens,
      ...(opened.engine === 'chorus' && params.cache !== undefined && params.cache !== 'full'
        ? { cache: params.cache }
        : {}),
      ...(opened.adapters?.length ? { adapters: opened.adapters } : {}),
      trainContextTokens: file.shape.trainContextTokens,
      special: text.special,
      // A template that is too long is reported when a chat needs it.
      chatTemplate: text.templateSource?.slice(0, MAX_TEMPLATE_UNITS),
      supportsToolCalling,
      copiesRows: backend.sequences.every(({ rows }) => rows !== undefined),
      metadata: promptMetadata(file.header),
    };
    return { opened, scheduler, template, described };
  }

  #log(line: string): void {
    this.#logLines = [...this.#logLines.slice(1 - KEPT_LOG_LINES), line];
    this.options.log(line);
  }
}

function heldBytes(opened: OpenedModel): Pick<EngineStatistics, 'memoryBytes' | 'deviceMemoryBytes'> {
  const deviceMemoryBytes = opened.deviceMemoryBytes();
  return { memoryBytes: process.memoryUsage.rss() + deviceMemoryBytes, deviceMemoryBytes };
}
