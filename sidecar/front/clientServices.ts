import type { ChatService } from '../chat/chatService.ts';
import type { CompletionService } from '../completion/completionService.ts';
import type { Completion, CompletionRequest } from '../completion/request.ts';
import type { StatisticsCounter } from '../completion/statistics.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { NetworkSettings, ServerSettings, SidecarStatus } from '../protocol/client.ts';
import { ServerUnavailableError } from '../remoteServers/serverErrors.ts';
import { ServerServices, type ServerTask } from './serverServices.ts';
import type { FrontModelSession } from './modelSession.ts';
import { toTrouble } from './requestError.ts';

/** The methods of the chat service that handlers call. */
export type Chatting = Pick<ChatService, 'chat' | 'edit' | 'commitMessage' | 'generate' | 'countTokens'>;
/** The methods of the completion service that handlers call. */
export type Completing = Pick<CompletionService, 'complete' | 'context' | 'cursorRests'>;

export interface ClientServicesOptions {
  /** The services of the model on this machine, shared by all clients. */
  readonly completions: CompletionService;
  readonly chatService: ChatService;
  readonly session: FrontModelSession;
  readonly statistics: StatisticsCounter;
  /** Called when this client's `status` changed. */
  readonly onStatusChanged: () => void;
}

/**
 * Sends a client's requests to the model on this machine, or to the server that the client chose. If the server fails,
 * the model on this machine answers instead, unless the user has already seen part of the server's answer. When the
 * client leaves a server, no more requests go to it. Requests under way move to the client's new choice.
 */
export class ClientServices implements Chatting, Completing {
  #server: ServerServices | undefined;
  /** Why the chosen server cannot be used. */
  #refusal: TroubleError | undefined;

  constructor(private readonly options: ClientServicesOptions) {}

  /** Applies the client's choice of server. Without settings the model on this machine answers. */
  configure(settings: ServerSettings | undefined, network?: NetworkSettings): void {
    const { statistics, onStatusChanged } = this.options;
    if (this.#server ? this.#server.isOf(settings, network) : !settings && !this.#refusal) return;
    const former = this.#server;
    this.#server = undefined;
    this.#refusal = undefined;
    try {
      if (settings) this.#server = new ServerServices({ settings, network, statistics, onChange: onStatusChanged });
    } catch (error) {
      if (!(error instanceof TroubleError)) throw error;
      this.#refusal = error;
    }
    former?.close();
    onStatusChanged();
  }

  /** Loads the chosen model, also after a failure. Throws `TroubleError`. */
  async load(): Promise<void> {
    if (this.#refusal) throw this.#refusal;
    if (this.#server) await this.#server.load();
    else await this.options.session.loadNow();
  }

  /** Whether the model on this machine answers this client, and no server. */
  get isLocal(): boolean {
    return this.#server === undefined && this.#refusal === undefined;
  }

  /** The status as this client sees it. */
  get status(): SidecarStatus {
    const local = this.options.session.status;
    if (this.#refusal) return { ...local, state: 'trouble', trouble: toTrouble(this.#refusal) };
    return this.#server?.statusFor(local) ?? local;
  }

  complete(request: CompletionRequest, signal: AbortSignal, onOutOfTime?: () => void): Promise<Completion[]> {
    // A server is not asked ahead of requests, and no context is kept for it on this machine.
    const asked = {
      ...request,
      contextSet: () => undefined,
      expert: undefined,
      contextSettings: { ...request.contextSettings, readAhead: false },
    };
    return this.#ask(
      'completion',
      ({ completions }) => completions.complete(asked, signal, onOutOfTime),
      () => this.options.completions.complete(request, signal, onOutOfTime),
    );
  }

  /** Reads ahead only on this machine: a server is not asked ahead of requests. */
  async cursorRests(request: CompletionRequest): Promise<void> {
    if (!this.#server) await this.options.completions.cursorRests(request);
  }

  context(...params: Parameters<Completing['context']>): ReturnType<Completing['context']> {
    return this.#ask(
      'completion',
      ({ completions }) => completions.context(...params),
      () => this.options.completions.context(...params),
    );
  }

  chat(...[params, settings, onChunk, signal]: Parameters<Chatting['chat']>): ReturnType<Chatting['chat']> {
    return this.#askStreaming(onChunk, (chatService, say) => chatService.chat(params, settings, say, signal));
  }

  edit(...[params, settings, onChunk, signal]: Parameters<Chatting['edit']>): ReturnType<Chatting['edit']> {
    return this.#askStreaming(onChunk, (chatService, say) => chatService.edit(params, settings, say, signal));
  }

  generate(...[params, settings, onPart, signal]: Parameters<Chatting['generate']>): ReturnType<Chatting['generate']> {
    return this.#askStreaming(onPart, (chatService, say) => chatService.generate(params, settings, say, signal));
  }

  commitMessage(...params: Parameters<Chatting['commitMessage']>): ReturnType<Chatting['commitMessage']> {
    return this.#ask(
      'chat',
      ({ chatService }) => chatService.commitMessage(...params),
      () => this.options.chatService.commitMessage(...params),
    );
  }

  countTokens(...params: Parameters<Chatting['countTokens']>): ReturnType<Chatting['countTokens']> {
    return this.#ask(
      'chat',
      ({ chatService }) => chatService.countTokens(...params),
      () => this.options.chatService.countTokens(...params),
    );
  }

  /** Resets the workspace in all services, since the rules for reading the client's files may have changed. */
  workspaceReset(clientKey: string): void {
    this.#server?.completions.workspaceReset(clientKey);
    this.options.completions.workspaceReset(clientKey);
  }

  /** Forgets everything that the server's services remember of this client's code. */
  async forget(clientKey: string): Promise<void> {
    await this.#server?.completions.forgetClient(clientKey);
  }

  #askStreaming<Part, Result>(
    onPart: (part: Part) => void,
    ask: (chatService: ChatService, say: (part: Part) => void) => Promise<Result>,
  ): Promise<Result> {
    let isShown = false;
    const say = (part: Part): void => {
      isShown = true;
      onPart(part);
    };
    return this.#ask(
      'chat',
      ({ chatService }) => ask(chatService, say),
      () => ask(this.options.chatService, onPart),
      () => isShown,
    );
  }

  async #ask<Result>(
    task: ServerTask,
    onServer: (server: ServerServices) => Promise<Result>,
    onThisMachine: () => Promise<Result>,
    isShown = (): boolean => false,
  ): Promise<Result> {
    const server = this.#server;
    if (!server?.health[task].shouldAsk()) return onThisMachine();
    try {
      return await onServer(server);
    } catch (error) {
      if (!(error instanceof ServerUnavailableError)) throw error;
      if (!server.isClosed) server.health[task].failed(error);
      if (isShown()) throw error;
      if (server.isClosed) return this.#ask(task, onServer, onThisMachine, isShown);
      return onThisMachine();
    }
  }
}
