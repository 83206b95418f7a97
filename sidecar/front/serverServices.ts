import { ChatService } from '../chat/chatService.ts';
import { CompletionService } from '../completion/completionService.ts';
import type { StatisticsCounter } from '../completion/statistics.ts';
import type { Engine, ModelSession } from '../engine/engine.ts';
import type { NetworkSettings, ServerSettings, ServerStatus, SidecarStatus } from '../protocol/client.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { ServerUnavailableError } from '../remoteServers/serverErrors.ts';
import { ServerHealth } from '../remoteServers/serverHealth.ts';
import { ServerSession } from '../remoteServers/serverSession.ts';

/** The tasks that a server is used for. A server may support chat but not completion. */
export type ServerTask = 'completion' | 'chat';

export interface ServerServicesOptions {
  readonly settings: ServerSettings;
  readonly statistics: StatisticsCounter;
  /** Called when `status` changed. */
  readonly onChange: () => void;
  /** The network settings. */
  readonly network?: NetworkSettings | undefined;
}

/** Completion and chat through one client's server. Their memory belongs to this client and is dropped with it. */
export class ServerServices {
  readonly completions: CompletionService;
  readonly chatService: ChatService;
  readonly health: Readonly<Record<ServerTask, ServerHealth>>;
  readonly #session: ServerSession;
  readonly #closing = new AbortController();
  #model: LoadedModel | undefined;
  #running = 0;

  /** Throws `TroubleError` 'invalid-input' for an invalid address. */
  constructor(private readonly options: ServerServicesOptions) {
    const { settings, statistics, onChange, network } = options;
    this.#session = new ServerSession(settings, { network, closing: this.#closing.signal });
    const health = (): ServerHealth => new ServerHealth({ look: () => this.#session.check(), onChange });
    this.health = { completion: health(), chat: health() };
    const session: ModelSession = {
      engine: this.#observed(this.#session.engine),
      model: (signal) => this.#described(signal),
    };
    this.completions = new CompletionService({ session, statistics, isQuiet: () => true });
    this.chatService = new ChatService({ session });
  }

  get settings(): ServerSettings {
    return this.options.settings;
  }

  /** Whether these settings are the settings of this server. */
  isOf(settings: ServerSettings | undefined, network: NetworkSettings | undefined): boolean {
    return JSON.stringify([settings, network]) === JSON.stringify([this.settings, this.options.network]);
  }

  /** Whether the client now uses another server, or none. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Cancels running requests and sends no more, including retries and completions that wait for their debounce. */
  close(): void {
    this.#closing.abort(new ServerUnavailableError(`${this.#session.address.host} is no longer used.`));
  }

  /** Requests the server's list of models, also after failures. Rejects with `ServerUnavailableError`. */
  async load(): Promise<void> {
    for (const health of Object.values(this.health)) health.reset();
    await this.#session.check();
    await this.#described();
  }

  /** Returns the status for this client, in place of the local model's status. */
  statusFor(local: SidecarStatus): SidecarStatus {
    const { address } = this.#session;
    const reasons = Object.values(this.health).flatMap(({ reason }) => reason ?? []);
    const server: ServerStatus = {
      host: address.host,
      model: this.settings.model,
      leavesMachine: !address.isThisMachine,
      reasonsForLocal: [...new Set(reasons)],
    };
    if (reasons.length === Object.keys(this.health).length) return { ...local, server };
    const model = this.#model;
    return {
      state: this.#running > 0 ? 'busy' : model ? 'ready' : 'idle',
      modelName: this.settings.model,
      engine: 'server',
      device: address.host,
      ...(model ? { contextSizeTokens: model.contextSizeTokens, supportsToolCalling: model.supportsToolCalling } : {}),
      server,
    };
  }

  async #described(signal?: AbortSignal): Promise<LoadedModel> {
    const model = await this.#session.model(signal);
    if (this.#model !== model) {
      this.#model = model;
      this.options.onChange();
    }
    return model;
  }

  #observed(engine: Engine): Engine {
    return {
      ...engine,
      generate: async (params, options) => {
        this.#count(1);
        try {
          const result = await engine.generate(params, options);
          if (result.text !== '') this.health[params.priority === 'completion' ? 'completion' : 'chat'].succeeded();
          return result;
        } finally {
          this.#count(-1);
        }
      },
    };
  }

  #count(change: number): void {
    this.#running += change;
    this.options.onChange();
  }
}
