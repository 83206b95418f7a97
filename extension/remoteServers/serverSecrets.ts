import type * as vscode from 'vscode';
import type { ServerSettings } from '../../sidecar/protocol/client.ts';

const KEY_PREFIX = 'chorus.serverKey:';
const CONSENT_PREFIX = 'chorus.serverConsent:';

/** What is kept of a server. */
export interface KeptServer {
  readonly url: string;
  /** The user said that code may go there. */
  readonly isAllowed: boolean;
  readonly key: string | undefined;
}

/**
 * Consents and keys, one each for a scheme, host and port, in VS Code's secret storage. Settings are no consent: in a
 * remote window those of the `machine` scope come from the remote machine, and a repository's dev container writes
 * them.
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

  /** The key stays, for another time. */
  async forbid(url: string): Promise<void> {
    await this.storage.delete(CONSENT_PREFIX + originOf(url));
  }

  /** An empty key removes the one that is kept. */
  async keepKey(url: string, key: string | undefined): Promise<void> {
    await (key ? this.storage.store(KEY_PREFIX + originOf(url), key) : this.storage.delete(KEY_PREFIX + originOf(url)));
  }

  /** Whether a changed secret is one of these. */
  static isName(name: string): boolean {
    return name.startsWith(KEY_PREFIX) || name.startsWith(CONSENT_PREFIX);
  }
}

/**
 * The server that the settings name, with its key, if the user allowed that very one. A key is its server's: it goes to
 * no other one.
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
