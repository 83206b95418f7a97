import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientIndex } from './clientIndex.ts';
import type { FileSource } from './fileSource.ts';
import type { IndexedFiles } from './indexedFiles.ts';
import { KnownDefinitions } from './knownDefinitions.ts';
import type { ContextQuery, PlaceQuery, Snippet } from './snippet.ts';
import type { FileText } from './workspaceIndex.ts';

export interface WorkspaceQueriesOptions {
  readonly index: ClientIndex;
  readonly files: IndexedFiles;
  readonly source?: FileSource;
}

const MAX_EDITS = 8;
/** How long a completion waits for texts that must be read again. */
const REREAD_LIMIT_MS = 100;

/** Answers requests from a client's index. Adds the user's edits and tabs, and the knowledge of language servers. */
export class WorkspaceQueries {
  /** The last edit first. */
  readonly #edits: { uri: string; line: number }[] = [];
  readonly #definitions: KnownDefinitions;
  #tabs: readonly string[] = [];

  constructor(private readonly options: WorkspaceQueriesOptions) {
    const { source } = options;
    this.#definitions = new KnownDefinitions(source?.definitions?.bind(source));
  }

  /** Takes the URIs of the editor's tabs, the last visited first. */
  tabsChanged(uris: readonly string[]): void {
    this.#tabs = uris;
  }

  /** Records that the user edited a document, at a line counted from zero. */
  edited(uri: string, line: number): void {
    const at = this.#edits.findIndex((edit) => edit.uri === uri);
    if (at >= 0) this.#edits.splice(at, 1);
    this.#edits.unshift({ uri, line });
    this.#edits.length = Math.min(this.#edits.length, MAX_EDITS);
  }

  /** Returns ranked snippets for a place; none if the index failed. */
  async snippets(query: PlaceQuery): Promise<readonly Snippet[]> {
    const { definitions, problems } = await this.#definitions.at(query);
    const known = definitions.filter(({ uri }) => uri !== query.uri && this.options.files.has(uri));
    const full: ContextQuery = {
      ...query,
      openUris: this.#tabs,
      edits: this.#edits.filter(({ uri }) => uri !== query.uri),
      definitions: known,
      problems,
    };
    return this.#asking('select', { query: full }, 'rank', { query: full });
  }

  /** Returns whole texts of the files that a place needs, best first, of `maxUnits` together. */
  async texts(query: PlaceQuery, maxUnits: number): Promise<readonly Pick<FileText, 'uri' | 'text'>[]> {
    const full: ContextQuery = { ...query, openUris: this.#tabs, edits: [], definitions: [], problems: [] };
    return (
      ((await this.options.index.ask('texts', { query: full, maxUnits })) as
        | Pick<FileText, 'uri' | 'text'>[]
        | undefined) ?? []
    );
  }

  /** Returns snippets that match the words of a question. */
  async search(words: string, limit: number): Promise<readonly Snippet[]> {
    const params = { words, openUris: this.#tabs };
    return this.#asking('needed', params, 'search', { ...params, limit });
  }

  /** Returns the definitions of a name. */
  async symbols(name: string, limit: number): Promise<readonly Snippet[]> {
    return this.#asking('needed', { symbol: name, openUris: [] }, 'symbols', { name, limit });
  }

  async #asking(
    need: 'select' | 'needed',
    needParams: object,
    method: 'rank' | 'search' | 'symbols',
    params: object,
  ): Promise<readonly Snippet[]> {
    const { index, files } = this.options;
    const found = (await index.ask(need, needParams)) as { missing: readonly string[] } | undefined;
    if (found !== undefined && found.missing.length > 0)
      await Promise.race([files.reread(found.missing), sleep(REREAD_LIMIT_MS)]);
    return ((await index.ask(method, params)) as readonly Snippet[] | undefined) ?? [];
  }
}
