import { readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Message } from 'vscode-jsonrpc/node';
import { SecretFiles } from '../privacy/secretFiles.ts';
import pTimeout, { TimeoutError } from 'p-timeout';

type SeenDocument = { readonly uri?: unknown } | null | undefined;

/** The part of a message that is read here. The server checks the rest. */
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
/** If a drive does not resolve a link within this time, the document counts as secret. */
const LINK_LIMIT_MS = 10_000;

/**
 * An editor's open documents that are secret by their names, or by the names that they link to. Messages about them are
 * not sent to the sidecar.
 */
export class SecretDocuments {
  #files = new SecretFiles();
  readonly #kept = new Set<string>();

  /** `onKept` is called for each such document that is opened, with the reason. */
  constructor(private readonly onKept: (uri: string, reason: string) => void) {}

  /** A digest of the rules for secret files. It changes with the rules. */
  get rules(): string {
    return this.#files.digest;
  }

  /**
   * Notes a message about documents. Resolves to true if it is about a secret one. Pass messages in order, each after
   * the previous one has resolved.
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
        // A secret cell or notebook makes the whole notebook secret.
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

  /** Editors differ in how they encode names. So no possible reading of the name may be secret. */
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

/** Decodes as much as possible. An invalid `%` sequence stays. */
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

/** Returns the path of a file with all links resolved, even if the file does not exist yet. */
async function realPathOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    const [folder, target] = [path.dirname(file), await readlink(file).catch(() => undefined)];
    if (target !== undefined) return path.resolve(folder, target);
    return folder === file ? file : path.join(await realPathOf(folder), path.basename(file));
  }
}
