import { abortable } from '../common/abortable.ts';
import type { Engine, ModelSession } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import { MAX_TIMER_MS } from '../common/maxTimer.ts';
import type { ChorusSettings, SidecarStatus } from '../protocol/client.ts';
import type { LoadedModel, LoadParams } from '../protocol/engine.ts';
import { observeEngine } from './observedEngine.ts';
import { toTrouble } from './requestError.ts';
import type { RetryDelay } from './retryDelay.ts';

export interface ModelSessionOptions {
  readonly engine: Engine;
  /** Returns the path of the model if the settings name none. Rejects with `TroubleError` 'no-model'. */
  readonly defaultModelPath: () => Promise<string>;
  /** Returns the file of the experts that belong to a model. Absent: no model has any. */
  readonly expertsOf?: (modelPath: string) => Promise<string | undefined>;
  /** See `LoadParams`. */
  readonly headNeedsFile?: string;
  readonly onStatus: (status: SidecarStatus) => void;
  /** How long to wait before a model that failed to load is tried again. */
  readonly retryDelay: RetryDelay;
  /** Whether Chorus is in quiet mode now. */
  readonly isQuiet?: () => boolean;
  /** Returns the measured speed of prompts with this model, in tokens per second. */
  readonly promptSpeedOf?: (model: LoadedModel) => number | undefined;
}

/** A model without requests for this long is unloaded, unless a client's settings say otherwise. */
const UNLOAD_AFTER_MINUTES = 30;

/** Empty, 'auto' and 0 mean an automatic choice. */
type ModelSettings = Omit<LoadParams, 'experts'> & Pick<ChorusSettings, 'withoutExperts'>;
const DEFAULTS: ModelSettings = { modelPath: '', engine: 'auto', device: 'auto', threads: 0, contextSizeTokens: 0 };

/**
 * The one model in memory. The client that last sent model settings chooses it, and the first request that needs it
 * loads it. It is loaded again after a change of settings or a crash of the engine.
 */
export class FrontModelSession implements ModelSession {
  readonly engine: Engine;
  #settings = DEFAULTS;
  #load: { readonly key: string; readonly promise: Promise<LoadedModel>; readonly abort: AbortController } | undefined;
  #loaded: LoadedModel | undefined;
  /**
   * Whether a model takes memory in the engine. A model that the settings no longer name stays there until the next one
   * is loaded.
   */
  #isHeld = false;
  #status: SidecarStatus = { state: 'idle' };
  #running = 0;
  #isReadingAhead = false;
  readonly #runningListeners = new Set<() => void>();
  #failure: TroubleError | undefined;
  /** Loading this model crashed the engine. An automatic retry would crash it again. */
  #isHopeless = false;
  #unloadAfterMinutes = UNLOAD_AFTER_MINUTES;
  #idleTimer: NodeJS.Timeout | undefined;
  #unloading: Promise<void> | undefined;

  constructor(private readonly options: ModelSessionOptions) {
    this.engine = observeEngine(options.engine, {
      isQuiet: () => options.isQuiet?.() ?? false,
      generateBegan: () => this.#generateBegan(),
      generateEnded: () => this.#generateEnded(),
      crashed: (error) => this.engineCrashed(error),
    });
  }

  /** Notes that the model begins or ends to read a context ahead. */
  readingAhead(isReading: boolean): void {
    this.#isReadingAhead = isReading;
    this.#setStatus(this.#status);
  }

  /** The number of requests that the engine works on now. */
  get running(): number {
    return this.#running;
  }

  /** Calls `listener` whenever the engine begins to work on a request. Returns a function that ends this. */
  onRunning(listener: () => void): () => void {
    this.#runningListeners.add(listener);
    return () => void this.#runningListeners.delete(listener);
  }

  /** Updates the status when quiet mode begins or ends. */
  quietnessChanged(): void {
    this.#setStatus(this.#status);
  }

  /** Handles a crash of the engine. Its state is lost, and the next request loads the model again. */
  engineCrashed(error: TroubleError): void {
    if (this.#loaded) this.#failed(error);
  }

  get status(): SidecarStatus {
    return this.#status;
  }

  /** The path of the model that the settings name, or an empty string. */
  get chosen(): string {
    return this.#settings.modelPath;
  }

  /** Returns the path of the chosen or default model, loaded or not. Returns `undefined` if there is no such model. */
  async chosenModelPath(): Promise<string | undefined> {
    const { modelPath } = this.#settings;
    return modelPath === '' ? this.options.defaultModelPath().catch(() => undefined) : modelPath;
  }

  /** The model in memory, if there is one. */
  get loaded(): LoadedModel | undefined {
    return this.#loaded;
  }

  /**
   * Takes a client's settings. A change of model settings takes effect with the next request. Settings without model
   * settings keep the present choice. If a client sends some of them, the rest get their defaults.
   */
  configure({ power, ...settings }: ChorusSettings): void {
    const { modelPath, engine, device, threads, contextSizeTokens, cache, adapters, withoutExperts } = settings;
    this.#unloadAfterMinutes = power?.unloadAfterMinutes ?? this.#unloadAfterMinutes;
    this.#waitForIdleness();
    const ofModel = { modelPath, engine, device, threads, contextSizeTokens, cache, adapters, withoutExperts };
    const chosen = Object.entries(ofModel).filter(([, value]) => value !== undefined);
    if (chosen.length === 0) return;
    const next = { ...DEFAULTS, ...(Object.fromEntries(chosen) as Partial<ModelSettings>) };
    if (JSON.stringify(next) === JSON.stringify(this.#settings)) return;
    this.#settings = next;
    this.#forgetFailure();
    this.#load?.abort.abort();
    this.#load = undefined;
    this.#loaded = undefined;
    this.#setStatus({ state: 'idle' });
  }

  /** Loads the model like `model()`, but at once even after a recent failure, since the user asked for it. */
  async loadNow(): Promise<LoadedModel> {
    this.#forgetFailure();
    return this.model();
  }

  /** Loads the model (see `ModelSession`). If `signal` is aborted, the load goes on for other callers. */
  async model(signal?: AbortSignal): Promise<LoadedModel> {
    return abortable(this.#model(), signal);
  }

  async #model(): Promise<LoadedModel> {
    this.#waitForIdleness();
    if (this.#load) return this.#join(this.#load);
    if (this.#failure && (this.#isHopeless || this.options.retryDelay.isWaiting)) throw this.#failure;
    const abort = new AbortController();
    const load = { key: JSON.stringify(this.#settings), abort, promise: this.#loadModel(this.#settings, abort.signal) };
    this.#load = load;
    const [outcome] = await Promise.allSettled([load.promise]);
    if (this.#load !== load) return this.#model();
    if (outcome.status === 'fulfilled') {
      this.#succeeded(outcome.value);
      return outcome.value;
    }
    this.#failed(outcome.reason);
    this.#isHopeless = outcome.reason instanceof TroubleError && outcome.reason.code === 'engine-crashed';
    throw this.#failure ?? outcome.reason;
  }

  /** Waits for a load that another caller began. If a new load replaces it meanwhile, waits for the new load. */
  async #join({
    promise,
    abort,
  }: {
    readonly promise: Promise<LoadedModel>;
    readonly abort: AbortController;
  }): Promise<LoadedModel> {
    try {
      const model = await promise;
      if (!abort.signal.aborted) return model;
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
    return this.#model();
  }

  async #loadModel({ withoutExperts, ...settings }: ModelSettings, signal: AbortSignal): Promise<LoadedModel> {
    await this.#unloading;
    const modelPath = settings.modelPath === '' ? await this.options.defaultModelPath() : settings.modelPath;
    const experts = withoutExperts ? undefined : await this.options.expertsOf?.(modelPath);
    const params: LoadParams = { ...settings, modelPath, experts, headNeedsFile: this.options.headNeedsFile };
    if (!signal.aborted) this.#setStatus({ state: 'loading', loadProgress: 0, modelPath });
    const onProgress = (share: number): void => {
      if (!signal.aborted) this.#setStatus({ state: 'loading', loadProgress: share, modelPath });
    };
    const model = await this.options.engine.load(params, { onProgress, signal });
    this.#isHeld = true;
    return model;
  }

  #succeeded(model: LoadedModel): void {
    this.#loaded = model;
    this.#forgetFailure();
    // The load may have outlasted the idle timer that started with the request.
    this.#waitForIdleness();
    this.#setStatus({
      state: this.#running > 0 ? 'busy' : 'ready',
      modelName: model.name,
      modelPath: model.path,
      architecture: model.architecture,
      engine: model.engine,
      device: model.device,
      deviceReasons: model.deviceReasons,
      engineLimits: model.engineLimits,
      supportsFim:
        model.special.fimPrefix !== undefined &&
        model.special.fimSuffix !== undefined &&
        model.special.fimMiddle !== undefined,
      supportsToolCalling: model.supportsToolCalling,
      contextUsedTokens: 0,
      contextSizeTokens: model.contextSizeTokens,
      ...(model.cache === undefined ? {} : { cache: model.cache }),
      ...(model.adapters === undefined ? {} : { adapters: model.adapters }),
      memoryBytes: model.memoryBytes,
      deviceMemoryBytes: model.deviceMemoryBytes,
      threads: model.threads,
    });
  }

  #failed(error: unknown): void {
    this.#load = undefined;
    this.#loaded = undefined;
    const trouble =
      error instanceof TroubleError
        ? error
        : new TroubleError(
            'engine-failed',
            'The model could not be loaded, for an unknown reason. The log in the Chorus folder says where it failed.',
            { cause: error },
          );
    this.#failure = trouble;
    this.options.retryDelay.failed();
    this.#setStatus({ state: 'trouble', trouble: toTrouble(trouble) });
  }

  #forgetFailure(): void {
    this.#failure = undefined;
    this.#isHopeless = false;
    this.options.retryDelay.succeeded();
  }

  #generateBegan(): void {
    this.#running++;
    if (this.#status.state === 'ready') this.#setStatus({ ...this.#status, state: 'busy' });
    for (const listener of this.#runningListeners) listener();
  }

  #generateEnded(): void {
    this.#running--;
    if (this.#loaded) this.#setStatus({ ...this.#status, state: this.#running > 0 ? 'busy' : 'ready' });
    if (this.#running > 0) return;
    this.#waitForIdleness();
    if (this.#loaded) this.#measure().catch(() => undefined);
  }

  /** Starts the idle timer anew. When it runs out, the model is unloaded. */
  #waitForIdleness(): void {
    clearTimeout(this.#idleTimer);
    if (this.#unloadAfterMinutes === 0) return;
    this.#idleTimer = setTimeout(() => this.#unload(), Math.min(MAX_TIMER_MS, this.#unloadAfterMinutes * 60_000));
    this.#idleTimer.unref();
  }

  #unload(): void {
    const isLoading = this.#load !== undefined && this.#loaded === undefined;
    if (this.#running > 0 || isLoading || !this.#isHeld) return;
    this.#load = undefined;
    this.#loaded = undefined;
    this.#isHeld = false;
    this.#unloading = this.engine
      .unload()
      .catch(() => undefined)
      .finally(() => (this.#unloading = undefined));
    if (this.#status.state !== 'trouble') this.#setStatus({ state: 'idle', unloaded: true });
  }

  /** Reads memory, context and speed from the engine. */
  async #measure(): Promise<void> {
    const model = this.#loaded;
    const statistics = await this.options.engine.statistics?.();
    if (!statistics || this.#loaded !== model) return;
    const { memoryBytes, deviceMemoryBytes, contextUsedTokens, contextKeptTokens, contextSizeTokens, tokensPerSecond } =
      statistics;
    const promptTokensPerSecond = model && this.options.promptSpeedOf?.(model);
    const speeds = {
      ...(tokensPerSecond === undefined ? {} : { tokensPerSecond }),
      ...(promptTokensPerSecond === undefined ? {} : { promptTokensPerSecond }),
    };
    this.#setStatus({
      ...this.#status,
      memoryBytes,
      deviceMemoryBytes,
      contextUsedTokens,
      contextKeptTokens,
      contextSizeTokens,
      ...speeds,
    });
  }

  /** Sets the status. Quiet mode and reading ahead do not depend on the model's state, so they are always added. */
  #setStatus(status: SidecarStatus): void {
    const always = {
      quiet: this.options.isQuiet?.() === true || undefined,
      readingAhead: this.#isReadingAhead || undefined,
    };
    this.#status = { ...status, ...(this.chosen === '' ? {} : { isModelNamed: true }), ...always };
    this.options.onStatus(this.#status);
  }
}
