import { realpathSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Message } from 'vscode-jsonrpc/node';
import { SecretFiles } from '../client/secretFiles.ts';

const OPENING: readonly string[] = ['textDocument/didOpen', 'notebookDocument/didOpen'];
const CLOSING: readonly string[] = ['textDocument/didClose', 'notebookDocument/didClose'];

/** The open documents of an editor that are secret by their names, or links to such: what it says of them is not for the sidecar. */
export class SecretDocuments {
  readonly #files = new SecretFiles();
  readonly #open = new Set<string>();

  /** `onOpen` hears the URI of each that is opened. */
  constructor(private readonly onOpen: (uri: string) => void) {}

  /** Whether a message is about a secret document. */
  has(message: Message): boolean {
    const { method, params } = message as { readonly method?: unknown; readonly params?: { readonly textDocument?: { readonly uri?: unknown }; readonly notebookDocument?: { readonly uri?: unknown } } | null };
    const uri = params?.textDocument?.uri ?? params?.notebookDocument?.uri;
    if (typeof method !== 'string' || typeof uri !== 'string') return false;
    if (OPENING.includes(method) && !this.#open.has(uri) && this.#isSecret(uri)) {
      this.#open.add(uri);
      this.onOpen(uri);
    }
    const isOpen = this.#open.has(uri);
    if (CLOSING.includes(method)) this.#open.delete(uri);
    return isOpen;
  }

  #isSecret(uri: string): boolean {
    if (!URL.canParse(uri)) return false;
    const url = new URL(uri);
    return this.#files.has(pathOf(url)) || (url.protocol === 'file:' && this.#files.has(pathOf(realUrl(url))));
  }
}

function pathOf({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** Where a file lies once all links are followed; its own place where nobody can tell. */
function realUrl(url: URL): URL {
  try {
    return pathToFileURL(realpathSync(fileURLToPath(url)));
  } catch {
    return url;
  }
}
