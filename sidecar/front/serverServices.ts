import { ChatService } from '../chat/chatService.ts';
import { CompletionService } from '../completion/completionService.ts';
import type { StatisticsCounter } from '../completion/statistics.ts';
import type { Engine, ModelSession } from '../engine/engine.ts';
import type { NetworkSettings, ServerSettings, ServerStatus, SidecarStatus } from '../protocol/client.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { ServerUnavailableError } from '../remoteServers/serverErrors.ts';
import { ServerHealth } from '../remoteServers/serverHealth.ts';
import { ServerSession } from '../remoteServers/serverSession.ts';

/** What a server is asked for. It may be able to chat and not to complete. */
export type ServerTask = 'completion' | 'chat';

export interface ServerServicesOptions {
  readonly settings: ServerSettings;
  readonly statistics: StatisticsCounter;
  /** Told when `status` changed. */
  readonly onChange: () => void;
  /** How the network is reached. */
  readonly network?: NetworkSettings | undefined;
}

/** Completion and chat by one client's server. What they remember is this client's and goes with it. */
export class ServerServices {
  readonly completions: CompletionService;
  readonly chatService: ChatService;
  readonly health: Readonly<Record<ServerTask, ServerHealth>>;
  readonly #session: ServerSession;
  readonly #closing = new AbortController();
  #model: LoadedModel | undefined;
  #running = 0;

  /** Throws `TroubleError` 'invalid-input' for an address that is none. */
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

  /** Whether it is what these settings mean. */
  isOf(settings: ServerSettings | undefined, network: NetworkSettings | undefined): boolean {
    return JSON.stringify([settings, network]) === JSON.stringify([this.settings, this.options.network]);
  }

  /** The client uses another server, or none. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Ends what is under way, and sends nothing more: not what waits to be asked again, not what was typed a moment ago.
   */
  close(): void {
    this.#closing.abort(new ServerUnavailableError(`${this.#session.address.host} is not used any more.`));
  }

  /** Asks the server for its models, after failures too. Throws `ServerUnavailableError`. */
  async load(): Promise<void> {
    for (const health of Object.values(this.health)) health.reset();
    await this.#session.check();
    await this.#described();
  }

  /** What its client is told, in place of what is told of the model on this machine. */
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
