import { createHash } from 'node:crypto';
import { revisionOf } from '../workspaceIndex/revision.ts';
import type { Engine } from '../engine/engine.ts';
import { MAX_TEXT_TOKENS, type TokenId } from '../protocol/engine.ts';
import type { CompletionRequest } from './request.ts';
import { UNITS_PER_TOKEN } from './prompt/unitsPerToken.ts';

/** A whole file as the engine has it. */
interface GivenFile {
  readonly uri: string;
  readonly revision: number;
  /** Line ends are "\n", as in prompts. */
  readonly text: string;
}

export interface GivenTexts {
  readonly version: string;
  readonly files: readonly GivenFile[];
}

interface ClientTexts extends GivenTexts {
  /** Whether the engine certainly has these texts. */
  readonly isThere: boolean;
  /** The document that the texts were chosen for. */
  readonly documentUri: string;
}

/**
 * Sends the engine whole files of each client's workspace. Answers often continue like a file of which the prompt has
 * only a part.
 */
export class WorkspaceTexts {
  readonly #clients = new Map<string, ClientTexts>();
  #models = 0;

  constructor(private readonly engine: Pick<Engine, 'tokenize' | 'setTexts'>) {}

  /** Sends the engine the files that matter for a place. Takes a tenth of a second of its time if they changed. */
  async refresh(
    name: string,
    { clientKey, workspace, uri, languageId, text, offset }: CompletionRequest,
    signal: AbortSignal,
  ): Promise<void> {
    if (workspace === undefined || this.engine.setTexts === undefined) return;
    const models = this.#models;
    const query = { uri, path: workspace.pathOf(uri), languageId, text, offset, maxSnippetUnits: 0 };
    const files = (await workspace.texts(query, MAX_TEXT_TOKENS * UNITS_PER_TOKEN)).map((file): GivenFile => ({
      uri: file.uri,
      revision: revisionOf(file.text),
      text: file.text.replaceAll('\r\n', '\n'),
    }));
    if (signal.aborted) return;
    const version = createHash('sha256').update(JSON.stringify(files)).digest('hex');
    const known = this.#clients.get(clientKey);
    if (known?.isThere === true && known.version === version) {
      this.#clients.set(clientKey, { ...known, documentUri: uri });
      return;
    }
    const texts: (readonly TokenId[])[] = [];
    for (const file of files) {
      texts.push(await this.engine.tokenize(file.text));
      // Another model has other tokens.
      if (signal.aborted || models !== this.#models) return;
    }
    const given: ClientTexts = { version, files, isThere: false, documentUri: uri };
    this.#clients.set(clientKey, given);
    await this.engine.setTexts({ name, version, texts: texts.reverse() });
    // Meanwhile the client may have left, its texts may have been dropped, or the model may have changed.
    if (this.#clients.get(clientKey) === given) this.#clients.set(clientKey, { ...given, isThere: true });
  }

  /**
   * Returns the texts that the engine has for a request's document. Returns `undefined` if they were chosen for another
   * document, are not sent yet, or are outdated.
   */
  of({ clientKey, uri, workspace }: CompletionRequest): GivenTexts | undefined {
    const known = this.#clients.get(clientKey);
    const isOfNow =
      known?.isThere === true &&
      known.documentUri === uri &&
      known.files.length > 0 &&
      known.files.every((file) => workspace?.has(file.uri, file.revision) === true);
    return isOfNow ? known : undefined;
  }

  /** Drops a client's texts if one of their files is gone or may not be read any more. */
  async dropGone(name: string, { clientKey, workspace }: CompletionRequest): Promise<void> {
    const known = this.#clients.get(clientKey);
    if (known === undefined || known.files.every(({ uri }) => workspace?.has(uri) === true)) return;
    await this.drop(name, clientKey);
  }

  /** Drops a client's texts. */
  async drop(name: string, clientKey: string): Promise<void> {
    this.#clients.delete(clientKey);
    await this.engine.setTexts?.({ name, version: '', texts: [] });
  }

  /** Forgets all texts, because a new model begins without them. */
  clear(): void {
    this.#models++;
    this.#clients.clear();
  }
}
