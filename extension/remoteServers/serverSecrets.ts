import type * as vscode from 'vscode';
import type { ServerSettings } from '../../sidecar/protocol/client.ts';

const KEY_PREFIX = 'chorus.serverKey:';
const CONSENT_PREFIX = 'chorus.serverConsent:';

/** The stored data of a server. */
export interface KeptServer {
  readonly url: string;
  /** Whether the user agreed that code may be sent there. */
  readonly isAllowed: boolean;
  readonly key: string | undefined;
}

/**
 * Consents and keys in VS Code's secret storage, one each per scheme, host and port. A setting does not count as
 * consent. In a remote window settings with scope `machine` come from the remote machine, and a repository's dev
 * container can write them.
 */
export class ServerSecrets {
  constructor(private readonly storage: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>) {}

  async of(url: string): Promise<KeptServer> {
    const [consent, key] = await Promise.all([this.storage.get(CONSENT_PREFIX + originOf(url)), this.keyOf(url)]);
    return { url, isAllowed: consent !== undefined, key };
  }

  keyOf(url: string): Thenable<string | undefined> {
    return this.storage.get(KEY_PREFIX + originOf(url));
  }

  async allow(url: string): Promise<void> {
    await this.storage.store(CONSENT_PREFIX + originOf(url), 'given');
  }

  /** Removes the consent and keeps the key for another time. */
  async forbid(url: string): Promise<void> {
    await this.storage.delete(CONSENT_PREFIX + originOf(url));
  }

  /** Stores a key. An empty key removes the stored one. */
  async keepKey(url: string, key: string | undefined): Promise<void> {
    await (key ? this.storage.store(KEY_PREFIX + originOf(url), key) : this.storage.delete(KEY_PREFIX + originOf(url)));
  }

  /** Returns whether a changed secret belongs to this class. */
  static isName(name: string): boolean {
    return name.startsWith(KEY_PREFIX) || name.startsWith(CONSENT_PREFIX);
  }
}

/**
 * Returns the server in the settings with its key, if the user allowed exactly this server. A key is never sent to
 * another server.
 */
export function allowedServer(
  settings: ServerSettings | undefined,
  kept: KeptServer | undefined,
): ServerSettings | undefined {
  if (!settings || kept?.url !== settings.url || !kept.isAllowed) return undefined;
  return kept.key ? { ...settings, key: kept.key } : settings;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
