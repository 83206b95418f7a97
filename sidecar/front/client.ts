import { contextSetName } from '../keptContexts/workspaceKey.ts';
import type { ClientWorkspace } from '../workspaceIndex/clientWorkspace.ts';
import type { ChorusSettings } from '../protocol/client.ts';
import type { AdoptedExperts } from '../learning/adoptedExperts.ts';
import type { ContextSet, ExpertFile, LoadedModel } from '../protocol/engine.ts';
import type { ClientServices } from './clientServices.ts';
import { EditJournal } from '../nextEdits/editJournal.ts';
import { Documents } from './documents.ts';
import type { LspConnection } from './lspConnection.ts';
import { Notebooks } from './notebooks.ts';

const DEFAULT_CONTEXT_GIGABYTES = 2;

/** The state that the front keeps for one client. No other client can see it. */
export class Client {
  /** The recent edits of this client's documents. */
  readonly journal = new EditJournal();
  readonly documents = new Documents(this.journal);
  readonly notebooks = new Notebooks(this.documents);
  /** The workspace's files. Set when the handlers are registered. */
  files: ClientWorkspace | undefined;
  /** The services that answer this client's requests. Set when the handlers are registered. */
  services: ClientServices | undefined;
  clientKind = 'unknown';
  clientVersion = '';
  settings: ChorusSettings = {};
  /** URIs of the workspace's folders. */
  folders: readonly string[] = [];
  /** Whether the client answers requests for the workspace's files. */
  providesWorkspace = false;
  /** The client's workspace. Clients without a key share nothing. */
  workspace: string | undefined;
  /** How often this workspace was forgotten. */
  #forgotten = 0;

  constructor(
    readonly id: number,
    readonly connection: LspConnection,
    /** The folder of evaluated contexts on disk. */
    private readonly contextsFolder: string,
    /** Absent: no experts are looked up. */
    private readonly experts?: AdoptedExperts,
  ) {}

  get workspaceKey(): string {
    return this.workspace ?? `client-${this.id}`;
  }

  /** Where this client's evaluated contexts are kept, or `undefined` if they are not kept. */
  contextSet(): ContextSet | undefined {
    const { keepOnDisk = true, maxGigabytes = DEFAULT_CONTEXT_GIGABYTES } = this.settings.contexts ?? {};
    if (!keepOnDisk || this.workspace === undefined) return undefined;
    return { folder: this.contextsFolder, name: contextSetName(this.workspace), maxBytes: maxGigabytes * 1e9 };
  }

  /**
   * Returns a function that tells where a request's context is kept. Call it when a prompt is sent for evaluation: the
   * settings may have changed by then. A request from before the workspace was forgotten is not kept.
   */
  keepingAsked(): () => ContextSet | undefined {
    const asked = this.#forgotten;
    return () => (this.#forgotten === asked ? this.contextSet() : undefined);
  }

  /** Returns the expert that was learnt from this client's workspace, for a model. */
  async expert(model: LoadedModel): Promise<ExpertFile | undefined> {
    if (this.workspace === undefined || this.settings.withoutExperts) return undefined;
    return this.experts?.of(contextSetName(this.workspace), model);
  }

  /** Stops keeping the contexts of all requests made until now. */
  forgetAsked(): void {
    this.#forgotten++;
  }

  /** The key of this client's index. */
  get indexKey(): string {
    return `client-${this.id}`;
  }

  /** The key under which services remember this client. Two windows on one workspace have two keys. */
  get key(): string {
    return `${this.id}:${this.workspaceKey}`;
  }
}

/** The clients that are connected now. */
export class Clients {
  readonly #clients = new Set<Client>();

  add(client: Client): void {
    this.#clients.add(client);
  }

  remove(client: Client): void {
    this.#clients.delete(client);
  }

  get count(): number {
    return this.#clients.size;
  }

  get runningRequests(): number {
    return [...this.#clients].reduce((sum, client) => sum + client.connection.runningRequests, 0);
  }

  closeAll(code: number, reason: string): void {
    for (const { connection } of this.#clients) connection.close(code, reason);
  }

  [Symbol.iterator](): IterableIterator<Client> {
    return this.#clients.values();
  }
}
