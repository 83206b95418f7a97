import * as vscode from 'vscode';
import type { ServerSettings } from '../../sidecar/protocol/client.ts';
import { readServerSettings } from '../settings.ts';
import { allowedServer, ServerSecrets, type KeptServer } from './serverSecrets.ts';

/**
 * The server that the user chose. Settings hold its address and model, VS Code's secret storage holds the consent and
 * the key.
 */
export class ServerChoice implements vscode.Disposable {
  readonly #secrets: ServerSecrets;
  readonly #didChange = new vscode.EventEmitter<void>();
  /** Fires when the server, model, key or consent changes, or the server is cleared. */
  readonly onDidChange = this.#didChange.event;
  readonly #disposables: readonly vscode.Disposable[];
  #kept: KeptServer | undefined;
  #reading: Promise<void>;

  constructor(secrets: vscode.SecretStorage, onError: (error: unknown) => void) {
    this.#secrets = new ServerSecrets(secrets);
    const read = (): void => {
      this.#reading = this.#read().catch(onError);
    };
    this.#reading = this.#read().catch(onError);
    this.#disposables = [
      this.#didChange,
      secrets.onDidChange(({ key }) => ServerSecrets.isName(key) && read()),
      vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('chorus.server') && read()),
    ];
  }

  /** Resolves when the consent and the key are known. */
  async ready(): Promise<void> {
    await this.#reading;
  }

  /** The server for the sidecar. `undefined` if there is none or the user did not allow it. */
  get settings(): ServerSettings | undefined {
    return allowedServer(named(), this.#kept);
  }

  /** The server that the settings name but the user has not allowed. */
  get unallowed(): ServerSettings | undefined {
    const settings = named();
    return this.#kept && this.#kept.url === settings?.url && !this.#kept.isAllowed ? settings : undefined;
  }

  /** Returns the stored key of a server. */
  keyOf(url: string): Thenable<string | undefined> {
    return this.#secrets.keyOf(url);
  }

  /**
   * Chooses a server for all windows. The user has agreed that code is sent there. An empty key removes the stored key.
   */
  async choose({ url, model, key }: Pick<ServerSettings, 'url' | 'model' | 'key'>): Promise<void> {
    await this.#secrets.keepKey(url, key);
    await this.#secrets.allow(url);
    const configuration = vscode.workspace.getConfiguration('chorus');
    await configuration.update('server.model', model, vscode.ConfigurationTarget.Global);
    await configuration.update('server.url', url, vscode.ConfigurationTarget.Global);
    await this.#read();
  }

  /** Stores the user's consent to the server in the settings. */
  async allow({ url }: ServerSettings): Promise<void> {
    await this.#secrets.allow(url);
    await this.#read();
  }

  /** Returns to the model on this machine. Removes the consent and keeps the key for another time. */
  async clear(): Promise<void> {
    const settings = named();
    if (settings) await this.#secrets.forbid(settings.url);
    await vscode.workspace
      .getConfiguration('chorus')
      .update('server.url', undefined, vscode.ConfigurationTarget.Global);
    await this.#read();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #read(): Promise<void> {
    const settings = named();
    this.#kept = settings && (await this.#secrets.of(settings.url));
    this.#didChange.fire();
  }
}

function named(): ServerSettings | undefined {
  return readServerSettings(vscode.workspace.getConfiguration('chorus'));
}
