import * as vscode from 'vscode';
import type { ServerSettings } from '../../sidecar/protocol/client.ts';
import { readServerSettings } from '../settings.ts';

/** What of the secret storage is needed. */
type Secrets = Pick<vscode.SecretStorage, 'get' | 'store' | 'delete' | 'onDidChange'>;

/** The server that the user chose: its address and model are settings, its key is in VS Code's secret storage. */
export class ServerChoice implements vscode.Disposable {
  readonly #secrets: Secrets;
  readonly #didChange = new vscode.EventEmitter<void>();
  /** Tells of another server, model or key, and of none. */
  readonly onDidChange = this.#didChange.event;
  readonly #disposables: readonly vscode.Disposable[];
  #key: { readonly url: string; readonly value: string | undefined } | undefined;
  #reading: Promise<void>;

  constructor(secrets: Secrets, onError: (error: unknown) => void) {
    this.#secrets = secrets;
    const read = (): void => {
      this.#reading = this.#read().catch(onError);
    };
    this.#reading = this.#read().catch(onError);
    this.#disposables = [
      this.#didChange,
      secrets.onDidChange(({ key }) => key.startsWith(SECRET_PREFIX) && read()),
      vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('chorus.server') && read()),
    ];
  }

  /** Resolves when the key is known. */
  async ready(): Promise<void> {
    await this.#reading;
  }

  /** For the sidecar; absent: no server. */
  get settings(): ServerSettings | undefined {
    const settings = readServerSettings(vscode.workspace.getConfiguration('chorus'));
    // A key is its server's: it goes to no other one.
    return settings && this.#key?.url === settings.url && this.#key.value ? { ...settings, key: this.#key.value } : settings;
  }

  /** The key that is kept for a server. */
  keyOf(url: string): Thenable<string | undefined> {
    return this.#secrets.get(secretName(url));
  }

  /** Chooses a server for all windows. An empty key removes the one that is kept. */
  async choose({ url, model, key }: Pick<ServerSettings, 'url' | 'model' | 'key'>): Promise<void> {
    await (key ? this.#secrets.store(secretName(url), key) : this.#secrets.delete(secretName(url)));
    const configuration = vscode.workspace.getConfiguration('chorus');
    await configuration.update('server.model', model, vscode.ConfigurationTarget.Global);
    await configuration.update('server.url', url, vscode.ConfigurationTarget.Global);
    await this.ready();
  }

  /** Back to the model on this machine. The key stays, for another time. */
  async clear(): Promise<void> {
    await vscode.workspace.getConfiguration('chorus').update('server.url', undefined, vscode.ConfigurationTarget.Global);
    await this.ready();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #read(): Promise<void> {
    const { url } = readServerSettings(vscode.workspace.getConfiguration('chorus')) ?? {};
    this.#key = url === undefined ? undefined : { url, value: await this.keyOf(url) };
    this.#didChange.fire();
  }
}

const SECRET_PREFIX = 'chorus.serverKey:';

function secretName(url: string): string {
  return `${SECRET_PREFIX}${URL.canParse(url) ? new URL(url).origin : url}`;
}
