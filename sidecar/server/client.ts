import type { ChorusSettings } from '../protocol/client.ts';
import { Documents } from './documents.ts';
import type { LspConnection } from './lspConnection.ts';
import { Notebooks } from './notebooks.ts';

/** What the front knows of one client. Nothing of it is visible to another. */
export class Client {
  readonly documents = new Documents();
  readonly notebooks = new Notebooks(this.documents);
  clientKind = 'unknown';
  clientVersion = '';
  settings: ChorusSettings = {};
  /** Names the client's workspace; clients that name none share nothing. */
  workspaceKey: string;

  constructor(
    readonly id: number,
    readonly connection: LspConnection,
  ) {
    this.workspaceKey = `client-${id}`;
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

  /** Sends a notification to every client that has initialized. */
  notifyAll(method: string, params: object): void {
    for (const { connection } of this.#clients) if (connection.isInitialized) connection.notify(method, params);
  }

  closeAll(code: number, reason: string): void {
    for (const { connection } of this.#clients) connection.close(code, reason);
  }

  [Symbol.iterator](): IterableIterator<Client> {
    return this.#clients.values();
  }
}
