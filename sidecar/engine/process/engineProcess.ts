import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeContextSets } from '../../keptContexts/contextSets.ts';
import type { DeviceChoice } from '../../protocol/client.ts';
import {
  BENCH,
  CHAT_TEMPLATE,
  DETOKENIZE,
  DEVICE_MEMORY,
  ENGINE_LOG,
  FORGET_CONTEXTS,
  GENERATE,
  HAS_SEQUENCE,
  KEEP_CONTEXTS,
  LOAD,
  LOGITS,
  PERPLEXITY,
  RELEASE_SEQUENCE,
  SCORE,
  SET_TEXTS,
  STATISTICS,
  TOKENIZE,
  type BenchParams,
  type BenchResult,
  type ChatTemplateParams,
  type DeviceMemory,
  type EngineGenerateResult,
  type EngineStatistics,
  type ForgetContextsParams,
  type LoadedModel,
  type LoadParams,
  type LogitsParams,
  type LogitsResult,
  type PerplexityParams,
  type PerplexityResult,
  type ScoreParams,
  type ScoreResult,
  type SetTextsParams,
  type TokenId,
} from '../../protocol/engine.ts';
import type { RequestType } from '../../protocol/messages.ts';
import { abortable } from '../../common/abortable.ts';
import type { Engine } from '../engine.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { Measuring } from '../measuring.ts';
import { BackOff } from '../../common/childProcess/backOff.ts';
import { EngineChild, RESTART_NOTE } from './engineChild.ts';

const MAX_LOAD_CRASHES = 2;
/** The time that a process has to write its waiting contexts before it is killed. */
const KEEP_LIMIT_MS = 2_000;

interface LoadOptions {
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

interface Running {
  readonly child: EngineChild;
  readonly model: LoadedModel;
  readonly key: string;
}

/**
 * Runs the engine for the front, in a child process that may crash at any moment. The first load starts it. After a
 * crash every pending request is rejected with the reason. The next request starts the process again and loads the same
 * model, with growing delays while crashes continue. Each load gets a new process, so that the memory of the former
 * model is certainly free.
 */
export class EngineProcess implements Engine, Measuring {
  #wanted: LoadParams | undefined;
  #child: EngineChild | undefined;
  #running: Running | undefined;
  #starting: Promise<Running> | undefined;
  /** Settles with the last requested load. */
  #lastLoad: Promise<unknown> = Promise.resolve();
  /** The wanted model as it was last loaded, so that a restart uses the same device. */
  #lastModel: LoadedModel | undefined;
  #loadCrashes = 0;
  #lastCrash: TroubleError | undefined;
  #nextRequestId = 1;
  readonly #backOff = new BackOff();
  #disposed = false;

  /**
   * `log` receives the engine's lines for the user's log. `onCrashed` is called at each crash, also if no request was
   * pending. With `isWatched` an engine that hangs is killed, which counts as a crash.
   */
  constructor(
    private readonly options: {
      readonly log?: (line: string) => void;
      readonly onCrashed?: (reason: TroubleError) => void;
      readonly isWatched?: boolean;
    } = {},
  ) {}

  /** The process id of the engine while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Loads a model after all loads that were requested before. So the last requested model stays. A load whose signal is
   * aborted meanwhile changes nothing.
   */
  async load(params: LoadParams, options: LoadOptions = {}): Promise<LoadedModel> {
    const loaded = this.#lastLoad.then(() => this.#loadInTurn(params, options));
    this.#lastLoad = loaded.catch(() => undefined);
    return loaded;
  }

  async #loadInTurn(params: LoadParams, options: LoadOptions): Promise<LoadedModel> {
    options.signal?.throwIfAborted();
    const key = await loadKey(params);
    if (this.#running?.child.alive && this.#running.key === key) return this.#running.model;
    await this.#stop('The model was replaced by another one.');
    options.signal?.throwIfAborted();
    this.#wanted = params;
    this.#lastModel = undefined;
    this.#loadCrashes = 0;
    this.#lastCrash = undefined;
    return (await this.#ready(options.signal, options)).model;
  }

  async unload(): Promise<void> {
    this.#wanted = undefined;
    await this.#stop('The model was unloaded.');
  }

  async tokenize(text: string, options: { special?: boolean } = {}): Promise<readonly TokenId[]> {
    return (await this.#ask(TOKENIZE, { text, special: options.special ?? false })).tokens;
  }

  async detokenize(tokens: readonly TokenId[], options: { special?: boolean } = {}): Promise<string> {
    return (await this.#ask(DETOKENIZE, { tokens, special: options.special ?? false })).text;
  }

  async chatTemplate(params: ChatTemplateParams): Promise<readonly TokenId[]> {
    return (await this.#ask(CHAT_TEMPLATE, params)).tokens;
  }

  async generate(...[params, { onChunk, signal } = {}]: Parameters<Engine['generate']>): Promise<EngineGenerateResult> {
    const startedAt = performance.now();
    let running: Running;
    try {
      running = await this.#ready(signal);
    } catch (error) {
      if (!signal?.aborted) throw error;
      return {
        tokens: [],
        text: '',
        stopReason: 'cancelled',
        reusedTokens: 0,
        evaluatedTokens: 0,
        promptMs: performance.now() - startedAt,
        generateMs: 0,
      };
    }
    const requestId = this.#nextRequestId++;
    const chunks = running.child.onChunk(requestId, ({ tokens, text }) => onChunk?.({ tokens, text }));
    try {
      return await running.child.request(GENERATE, { ...params, requestId }, signal);
    } finally {
      chunks.dispose();
    }
  }

  logits(params: LogitsParams, options: { signal?: AbortSignal } = {}): Promise<LogitsResult> {
    return this.#ask(LOGITS, params, options.signal);
  }

  perplexity(params: PerplexityParams, options: { signal?: AbortSignal } = {}): Promise<PerplexityResult> {
    return this.#ask(PERPLEXITY, params, options.signal);
  }

  score(params: ScoreParams, options: { signal?: AbortSignal } = {}): Promise<ScoreResult> {
    return this.#ask(SCORE, params, options.signal);
  }

  bench(params: BenchParams, options: { signal?: AbortSignal } = {}): Promise<BenchResult> {
    return this.#ask(BENCH, params, options.signal);
  }

  async releaseSequence(sequence: string): Promise<void> {
    // Without a process there is no sequence.
    if (this.#running?.child.alive) await this.#running.child.request(RELEASE_SEQUENCE, { sequence });
  }

  async hasSequence(sequence: string): Promise<boolean> {
    return this.#running?.child.alive === true && this.#running.child.request(HAS_SEQUENCE, { sequence });
  }

  async setTexts(params: SetTextsParams): Promise<void> {
    if (this.#running?.child.alive) await this.#running.child.request(SET_TEXTS, params);
  }

  async keepContexts(): Promise<void> {
    if (this.#running?.child.alive) await this.#running.child.request(KEEP_CONTEXTS, null);
  }

  async forgetContexts(params: ForgetContextsParams): Promise<void> {
    if (this.#running?.child.alive) await this.#running.child.request(FORGET_CONTEXTS, params);
    else await removeContextSets(params.folder, params.name);
  }

  async statistics(): Promise<EngineStatistics | undefined> {
    if (!this.#running?.child.alive) return undefined;
    return (await this.#running.child.request(STATISTICS, null)) ?? undefined;
  }

  async deviceMemory(device: DeviceChoice): Promise<DeviceMemory> {
    if (this.#running?.child.alive) return this.#running.child.request(DEVICE_MEMORY, { device });
    // The look has a process of its own: a crash of the graphics driver then affects no load.
    const child = new EngineChild(this.options);
    try {
      return await child.request(DEVICE_MEMORY, { device });
    } finally {
      await child.end(new TroubleError('engine-failed', 'The device was looked at.'));
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.unload();
  }

  async #ask<Params, Result>(
    type: RequestType<Params, Result>,
    params: NoInfer<Params>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const { child } = await this.#ready(signal);
    return child.request(type, params, signal);
  }

  /**
   * Resolves with the process that has loaded the wanted model. Starts it if necessary. `signal` ends this wait alone,
   * since other requests may wait for the same load. The signal in `options` ends the load.
   */
  async #ready(signal?: AbortSignal, options: LoadOptions = {}): Promise<Running> {
    if (this.#running?.child.alive) return this.#running;
    if (this.#disposed) throw new TroubleError('draining', 'The engine is shutting down.');
    if (!this.#wanted) throw new TroubleError('no-model', 'No model is loaded.');
    this.#starting ??= this.#startAndLoad(this.#wanted, options).finally(() => {
      this.#starting = undefined;
    });
    return abortable(this.#starting, signal);
  }

  async #startAndLoad(params: LoadParams, options: LoadOptions): Promise<Running> {
    const before = this.#lastModel;
    let device = before?.deviceKind ?? params.device;
    for (;;) {
      if (this.#loadCrashes >= MAX_LOAD_CRASHES && this.#lastCrash) throw gaveUp(this.#lastCrash);
      await sleep(this.#backOff.delayMs, undefined, { signal: options.signal });
      const child = this.#start();
      try {
        child.onLoadProgress(options.onProgress);
        const model = await child.request(LOAD, { ...params, device }, options.signal);
        this.#loadCrashes = 0;
        const isFallback = device !== params.device && !before;
        this.#lastModel = isFallback
          ? withReason(model, this.#lastCrash)
          : before
            ? { ...model, deviceReasons: before.deviceReasons }
            : model;
        this.#running = { child, key: await loadKey(params), model: this.#lastModel };
        return this.#running;
      } catch (error) {
        if (child.alive) await child.end(new TroubleError('engine-failed', 'The model could not be loaded.'));
        if (!(error instanceof TroubleError) || error.code !== 'engine-crashed') throw error;
        this.#loadCrashes++;
        // The most likely cause of a crash is the graphics driver.
        if (params.device === 'auto') device = 'cpu';
      }
    }
  }

  #start(): EngineChild {
    const child = new EngineChild(this.options);
    this.#child = child;
    child.onNotification(ENGINE_LOG, ({ line }) => this.options.log?.(line));
    this.#backOff.started();
    child.ended
      .then((reason) => {
        if (reason.code === 'engine-crashed') {
          this.#lastCrash = reason;
          this.#backOff.failed();
        }
        if (this.#child === child) this.#child = undefined;
        if (this.#running?.child === child) this.#running = undefined;
        if (reason.code === 'engine-crashed') this.options.onCrashed?.(reason);
      })
      .catch(() => undefined);
    return child;
  }

  async #stop(why: string): Promise<void> {
    // Contexts that a hung or crashed process has not written are evaluated again.
    await Promise.race([this.keepContexts().catch(() => undefined), sleep(KEEP_LIMIT_MS, undefined, { ref: false })]);
    // A delayed load, or a request that came meanwhile, may have started another process.
    do {
      this.#running = undefined;
      await this.#child?.end(new TroubleError('engine-failed', why));
      await this.#starting?.catch(() => undefined);
    } while (this.#starting !== undefined || this.#child?.alive);
    this.#running = undefined;
  }
}

/**
 * Identifies a model's file, its experts, its adapters and its settings. An equal key means that this model is in
 * memory already.
 */
async function loadKey(params: LoadParams): Promise<string> {
  const files = await Promise.all(
    [params.modelPath, ...(params.experts ? [params.experts] : []), ...(params.adapters ?? [])].map((each) =>
      stat(each).catch(() => undefined),
    ),
  );
  return JSON.stringify([
    params.modelPath,
    params.engine,
    params.device,
    params.threads,
    params.contextSizeTokens,
    params.cache,
    params.experts,
    params.adapters,
    files.map((file) => [file?.size, file?.mtimeMs]),
  ]);
}

function withReason(model: LoadedModel, crash: TroubleError | undefined): LoadedModel {
  return {
    ...model,
    deviceReasons: [
      ...model.deviceReasons,
      `The engine stopped while it loaded the model on another device: ${crash?.message ?? 'for an unknown reason'}`,
    ],
  };
}

function gaveUp(crash: TroubleError): TroubleError {
  return new TroubleError(
    'engine-crashed',
    `Loading the model ended the engine ${MAX_LOAD_CRASHES} times in a row, so it is not tried again until you ask for it. ${crash.message.replace(RESTART_NOTE, '')}`,
    {
      cause: crash,
      detail: crash.detail,
    },
  );
}
