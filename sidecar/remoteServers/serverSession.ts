import { abortable } from '../common/abortable.ts';
import type { Engine, ModelSession } from '../engine/engine.ts';
import type { NetworkSettings, ServerSettings } from '../protocol/client.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { fillInFor } from './fillIn.ts';
import { parseServerAddress, type ServerAddress } from './serverAddress.ts';
import { ServerConnection } from './serverConnection.ts';
import { ServerEngine } from './serverEngine.ts';
import { serverFetch } from './serverFetch.ts';
import { listModelsIfAny } from './serverModels.ts';

/** The context size if neither the server nor the user gives one. */
const DEFAULT_CONTEXT_TOKENS = 8192;

export interface ServerSessionOptions {
  /** The network settings. */
  readonly network?: NetworkSettings | undefined;
  /** See `ServerConnectionOptions`. */
  readonly closing?: AbortSignal | undefined;
}

/** A server's model for the services. The server's data about the model is requested once, with the first request. */
export class ServerSession implements ModelSession {
  readonly address: ServerAddress;
  readonly #connection: ServerConnection;
  #engine: Promise<ServerEngine> | undefined;

  /** Throws `TroubleError` 'invalid-input' for an invalid address. */
  constructor(
    private readonly settings: ServerSettings,
    { network, closing }: ServerSessionOptions = {},
  ) {
    this.address = parseServerAddress(settings.url);
    const { key, allowHttp } = settings;
    this.#connection = new ServerConnection({
      address: this.address,
      key,
      allowHttp,
      fetch: serverFetch({ address: this.address, allowHttp, network }),
      closing,
    });
  }

  /** Checks that the server answers. Rejects with `ServerUnavailableError`. */
  async check(): Promise<void> {
    await listModelsIfAny(this.#connection);
  }

  async model(signal?: AbortSignal): Promise<LoadedModel> {
    // Other callers may wait for the same request.
    return (await abortable(this.#open(), signal)).loaded;
  }

  /** The engine of the model that `model()` returned. */
  get engine(): Engine {
    const open = (): Promise<ServerEngine> => this.#open();
    return {
      load: () => this.model(),
      unload: () => Promise.resolve(),
      tokenize: async (text, options) => (await open()).tokenize(text, options),
      detokenize: async (tokens) => (await open()).detokenize(tokens),
      chatTemplate: async (params) => (await open()).chatTemplate(params),
      generate: async (params, options) => (await abortable(open(), options?.signal)).generate(params, options),
      releaseSequence: () => Promise.resolve(),
      // Which prompts a server keeps is unknown.
      hasSequence: () => Promise.resolve(false),
      dispose: () => Promise.resolve(),
    };
  }

  #open(): Promise<ServerEngine> {
    this.#engine ??= this.#describe().catch((error: unknown) => {
      this.#engine = undefined;
      throw error;
    });
    return this.#engine;
  }

  /** Creates the engine. Without a list of models, only the model's name is known. */
  async #describe(): Promise<ServerEngine> {
    const { model, fillIn = 'auto', contextSizeTokens } = this.settings;
    const listed = (await listModelsIfAny(this.#connection)).find(({ id }) => id === model);
    return new ServerEngine({
      connection: this.#connection,
      model,
      fillIn: fillInFor(model, fillIn, listed?.ownedBy),
      contextSizeTokens: contextSizeTokens || listed?.contextSizeTokens || DEFAULT_CONTEXT_TOKENS,
    });
  }
}
