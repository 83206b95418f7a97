import { contextSetName } from '../keptContexts/workspaceKey.ts';
import type { ClientWorkspace } from '../workspaceIndex/clientWorkspace.ts';
import type { ChorusSettings } from '../protocol/client.ts';
import type { ContextSet } from '../protocol/engine.ts';
import type { ClientServices } from './clientServices.ts';
import { Documents } from './documents.ts';
import type { LspConnection } from './lspConnection.ts';
import { Notebooks } from './notebooks.ts';

const DEFAULT_CONTEXT_GIGABYTES = 2;

/** What the front knows of one client. Nothing of it is visible to another. */
export class Client {
  readonly documents = new Documents();
  readonly notebooks = new Notebooks(this.documents);
  /** The files of its workspace, set with the handlers. */
  files: ClientWorkspace | undefined;
  /** What answers its requests, set with the handlers. */
  services: ClientServices | undefined;
  clientKind = 'unknown';
  clientVersion = '';
  settings: ChorusSettings = {};
  /** URIs of the workspace's folders. */
  folders: readonly string[] = [];
  /** The client answers requests for the workspace's files. */
  providesWorkspace = false;
  /** Names the client's workspace; clients that name none share nothing. */
  workspace: string | undefined;
  /** How often its workspace was forgotten. */
  #forgotten = 0;

  constructor(
    readonly id: number,
    readonly connection: LspConnection,
    /** Of evaluated contexts, on disk. */
    private readonly contextsFolder: string,
  ) {}

  get workspaceKey(): string {
    return this.workspace ?? `client-${this.id}`;
  }

  /** Where this client's evaluated contexts are kept; `undefined` where they are not. */
  get contextSet(): ContextSet | undefined {
    const { keepOnDisk = true, maxGigabytes = DEFAULT_CONTEXT_GIGABYTES } = this.settings.contexts ?? {};
    if (!keepOnDisk || this.workspace === undefined) return undefined;
    return { folder: this.contextsFolder, name: contextSetName(this.workspace), maxBytes: maxGigabytes * 1e9 };
  }

  /**
   * Tells where what is asked now is kept, at the time when it is evaluated: the settings may be others by then, and
   * what was asked before the workspace was forgotten is kept nowhere.
   */
  keepingAsked(): () => ContextSet | undefined {
    const asked = this.#forgotten;
    return () => (this.#forgotten === asked ? this.contextSet : undefined);
  }

  /** Nothing is kept any more of what was asked until now. */
  forgetAsked(): void {
    this.#forgotten++;
  }

  /** Names what services remember for this client. Two windows on one workspace have two. */
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
