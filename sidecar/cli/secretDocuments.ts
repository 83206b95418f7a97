import { readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Message } from 'vscode-jsonrpc/node';
import { SecretFiles } from '../privacy/secretFiles.ts';
import pTimeout, { TimeoutError } from 'p-timeout';

type SeenDocument = { readonly uri?: unknown } | null | undefined;

/** What is read of a message; the rest is for the server to check. */
interface Seen {
  readonly method?: unknown;
  readonly params?: {
    readonly textDocument?: SeenDocument;
    readonly notebookDocument?: SeenDocument;
    readonly cellTextDocuments?: unknown;
    readonly initializationOptions?: { readonly secretFiles?: unknown };
  } | null;
}

const OPENING: readonly string[] = ['textDocument/didOpen', 'notebookDocument/didOpen'];
const CLOSING: readonly string[] = ['textDocument/didClose', 'notebookDocument/didClose'];
/** A drive that takes longer to say where a link leads keeps the document. */
const LINK_LIMIT_MS = 10_000;

/**
 * The open documents of an editor that are secret by their names, or lead to such: what it says of them is not for the
 * sidecar.
 */
export class SecretDocuments {
  #files = new SecretFiles();
  readonly #kept = new Set<string>();

  /** `onKept` hears of each that is opened, and why it is kept. */
  constructor(private readonly onKept: (uri: string, reason: string) => void) {}

  /** Says which documents are secret: another one, others. */
  get rules(): string {
    return this.#files.digest;
  }

  /**
   * Notes what a message says of documents; true: it is about a secret one. Messages are to be asked about in their
   * order, each when the one before is answered.
   */
  async keeps(message: Message): Promise<boolean> {
    const { method, params } = message as Seen;
    if (typeof method !== 'string') return false;
    if (method === 'initialize') this.#files = new SecretFiles(patternsOf(params?.initializationOptions?.secretFiles));
    const cells: readonly SeenDocument[] = Array.isArray(params?.cellTextDocuments) ? params.cellTextDocuments : [];
    const uris = [params?.textDocument, params?.notebookDocument, ...cells]
      .map((document) => document?.uri)
      .filter((uri) => typeof uri === 'string');
    if (OPENING.includes(method)) {
      const reason = await this.#reasonToKeep(uris);
      if (reason !== undefined) {
        // With a notebook its cells.
        for (const uri of uris) this.#kept.add(uri);
        this.onKept(uris[0] as string, reason);
      }
    }
    const isKept = uris.some((uri) => this.#kept.has(uri));
    if (CLOSING.includes(method)) for (const uri of uris) this.#kept.delete(uri);
    return isKept;
  }

  async #reasonToKeep(uris: readonly string[]): Promise<string | undefined> {
    const { problem } = this.#files;
    if (problem) return `the patterns of secret files can't be applied: ${problem.message}`;
    if (uris.some((uri) => this.#isSecret(uri))) return 'files of this name hold secrets';
    for (const uri of uris) {
      const file = fileOf(uri);
      if (file === undefined) continue;
      try {
        const target = pathToFileURL(
          await pTimeout(realPathOf(file), {
            milliseconds: LINK_LIMIT_MS,
            message: `no answer within ${LINK_LIMIT_MS} ms`,
          }),
        ).href;
        if (this.#isSecret(target)) return `it leads to ${target}, and files of that name hold secrets`;
      } catch (error) {
        if (error instanceof TimeoutError) return 'its drive does not say whether it is a link to a secret file';
        throw error;
      }
    }
    return undefined;
  }

  /** Editors encode names more or less: read in any way, it must not be secret. */
  #isSecret(uri: string): boolean {
    const afterAuthority = uri.replace(/^[a-z][a-z\d+.-]+:(?:\/\/[^/]*)?/i, '');
    const paths = [
      afterAuthority,
      decoded(afterAuthority),
      ...(URL.canParse(uri) ? [decoded(new URL(uri).pathname)] : []),
    ];
    return paths.some((each) => this.#files.has(each));
  }
}

function patternsOf(given: unknown): readonly string[] {
  return Array.isArray(given) ? given.filter((pattern) => typeof pattern === 'string') : [];
}

/** As far as it can be: a bad `%` leaves the others. */
function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

function fileOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

/** Where a file lies once all links are followed, whether or not it is there yet. */
async function realPathOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    const [folder, target] = [path.dirname(file), await readlink(file).catch(() => undefined)];
    if (target !== undefined) return path.resolve(folder, target);
    return folder === file ? file : path.join(await realPathOf(folder), path.basename(file));
  }
}
