import { setTimeout as sleep } from 'node:timers/promises';
import type { IndexState, WorkspaceChange, WorkspaceListResult } from '../protocol/client.ts';
import { ClientIndex, type ClientIndexOptions } from './clientIndex.ts';
import { IndexedFiles, type IndexedFilesOptions } from './indexedFiles.ts';
import { LaterSkips } from './laterSkips.ts';
import { SettlingDocuments } from './settlingDocuments.ts';
import { SkipCounts } from './skipCounts.ts';
import type { PlaceQuery, Snippet } from './snippet.ts';
import type { FileText } from './workspaceIndex.ts';
import { WorkspaceQueries } from './workspaceQueries.ts';

export interface ClientWorkspaceOptions extends ClientIndexOptions, Omit<IndexedFilesOptions, 'index' | 'isOn'> {
  /** URIs of the documents that are open in the editor. */
  readonly openUris: () => readonly string[];
  /** The most files that are indexed. */
  readonly maxFiles?: number;
}

const MAX_FILES = 200_000;
const FIRST_READ_LIMIT_MS = 1_000;

/**
 * A client's workspace and its index. Files are listed and read through the client in batches with pauses, so that
 * neither side is busy for long. The text of an open document replaces the text on disk.
 */
export class ClientWorkspace {
  readonly #index: ClientIndex;
  readonly #files: IndexedFiles;
  readonly #queries: WorkspaceQueries;
  readonly #laterSkips: LaterSkips;
  readonly #settling = new SettlingDocuments({
    take: (uri, isClosed) => this.#files.documentSettled(uri, isClosed, this.#laterSkips),
    onError: (error) => this.#updateFailed(error),
  });
  #reading: Promise<void> | undefined;
  /** Files that the running listing has named so far, and files that changed meanwhile. */
  #listed: Set<string> | undefined;
  #readAgain = false;
  #state: IndexState['state'] = 'off';
  #startedAtMs = 0;
  #closed = false;
  #isGivenUp = false;

  constructor(private readonly options: ClientWorkspaceOptions) {
    const { source, log } = options;
    this.#laterSkips = new LaterSkips(log);
    this.#index = new ClientIndex(options);
    this.#files = new IndexedFiles({ ...options, index: this.#index, isOn: () => this.#isOn });
    this.#queries = new WorkspaceQueries({ index: this.#index, files: this.#files, source });
  }

  get state(): IndexState {
    return { state: this.#state, files: this.#files.count };
  }

  /** Whether the workspace is off because no index could hold it. It is read again if the client asks for that. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Whether all listed files are indexed. */
  get isWhole(): boolean {
    return this.#state === 'ready' && this.#reading === undefined;
  }

  /** Returns the path of a file below the workspace's folders. */
  pathOf(uri: string): string {
    return this.#files.pathOf(uri);
  }

  /** Returns whether the workspace has the file now. With `revision`, the text must have that revision too. */
  has(uri: string, revision?: number): boolean {
    return this.#files.has(uri, revision);
  }

  /** Resolves when all listed files are indexed. */
  async whenReady(): Promise<void> {
    while (this.#reading !== undefined) await this.#reading;
  }

  /**
   * Resolves when all files are indexed, or a second after reading began. So a small workspace is ready for the first
   * completion.
   */
  async whenUsable(): Promise<void> {
    const restMs = this.#startedAtMs + FIRST_READ_LIMIT_MS - performance.now();
    if (this.#state === 'reading' && restMs > 0) await Promise.race([this.#reading, sleep(restMs)]);
  }

  /** Reads the workspace in the background, again if it was read before. */
  start(): void {
    if (this.#closed) return;
    this.#isGivenUp = false;
    if (this.#reading !== undefined) {
      this.#readAgain = true;
      return;
    }
    if (this.#state === 'off') {
      this.#state = 'reading';
      this.#startedAtMs = performance.now();
    }
    this.#reading = this.#readAll().finally(() => {
      this.#reading = undefined;
      if (this.#readAgain) {
        this.#readAgain = false;
        this.start();
      }
    });
  }

  /** Fills the index again after it was lost. */
  restart(): void {
    if (this.#state === 'off') return;
    this.#files.forget();
    this.start();
  }

  /**
   * Turns the workspace off, since its index would be lost again. Nothing is requested until `start`, or until
   * different files may be read.
   */
  giveUp(): void {
    if (this.#state === 'off') return;
    this.#turnOff();
    this.#isGivenUp = true;
  }

  /** Forgets everything, and requests nothing until `start`. */
  async stop(): Promise<void> {
    this.#turnOff();
    await this.#index.ask('forget', {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#index.close();
    this.#settling.clear();
    await this.stop();
  }

  /** Handles a client's message about changed files. */
  changed({ changed = [], deleted = [], reset = false }: WorkspaceChange): void {
    if (this.#closed || (this.#state === 'off' && !(reset && this.#isGivenUp))) return;
    if (deleted.length > 0) this.#inBackground(this.#files.remove(deleted));
    if (reset) {
      // A file may be forbidden now, so nothing is served until the new listing is read.
      this.#files.forget();
      this.#laterSkips.clear();
      this.#inBackground(this.#index.ask('forget', {}).then(() => undefined));
      this.start();
    } else if (changed.length > 0) {
      // The running listing may have passed the place of these files already.
      for (const { uri } of changed) this.#listed?.add(uri);
      const isNews = changed.some(({ uri }) => !this.#files.isLeftOut(uri));
      this.#inBackground(this.#files.read(changed, isNews ? this.#laterSkips : undefined));
    }
  }

  tabsChanged(uris: readonly string[]): void {
    this.#queries.tabsChanged(uris);
  }

  /** Handles an open, an edit or a close of a document. */
  documentChanged(
    uri: string,
    change: { readonly kind: 'opened' | 'closed' } | { readonly kind: 'changed'; readonly line: number },
  ): void {
    if (this.#closed || this.#state === 'off') return;
    if (change.kind !== 'changed') return this.#settling.set(uri, change.kind === 'closed');
    this.#queries.edited(uri, change.line);
    this.#settling.edited(uri);
  }

  /** Returns ranked snippets for a place; none if the index is off or failed. */
  async snippets(query: PlaceQuery): Promise<readonly Snippet[]> {
    return this.#state === 'off' ? [] : this.#queries.snippets(query);
  }

  /** Returns whole texts of the files that a place needs, best first, of `maxUnits` together. */
  async texts(query: PlaceQuery, maxUnits: number): Promise<readonly Pick<FileText, 'uri' | 'text'>[]> {
    return this.#state === 'off' ? [] : this.#queries.texts(query, maxUnits);
  }

  /** Returns snippets that match the words of a question. */
  async search(words: string, limit: number): Promise<readonly Snippet[]> {
    return this.#state === 'off' ? [] : this.#queries.search(words, limit);
  }

  /** Returns the definitions of a name. */
  async symbols(name: string, limit: number): Promise<readonly Snippet[]> {
    return this.#state === 'off' ? [] : this.#queries.symbols(name, limit);
  }

  async #readAll(): Promise<void> {
    const startedAt = performance.now();
    const { epoch } = this.#files;
    const { maxFiles = MAX_FILES, log } = this.options;
    const skips = new SkipCounts();
    let isCut: boolean;
    const listed = (this.#listed = new Set<string>());
    try {
      // After a reset the editor may be about to close a document that may not be read any more. So documents outside
      // the listing come last then.
      if (epoch === 0) await this.#putOpen(epoch);
      let page: number | undefined;
      do {
        const result: WorkspaceListResult = (await this.options.source?.list(page)) ?? { files: [] };
        if (epoch !== this.#files.epoch) return;
        const files = result.files.slice(0, maxFiles - listed.size);
        for (const { uri } of files) listed.add(uri);
        skips.add(result.skipped);
        await this.#files.read(files, skips);
        const isFull = listed.size >= maxFiles;
        isCut = files.length < result.files.length || (isFull && result.next !== undefined);
        page = isFull ? undefined : result.next;
      } while (page !== undefined && this.#isOn && !this.#readAgain);
      if (!this.#isOn || this.#readAgain) return;
      await this.#files.retain(listed);
      await this.#putOpen(epoch);
      if (epoch !== this.#files.epoch) return;
      this.#state = 'ready';
      log?.(`index: ${this.#files.count} files in ${Math.round(performance.now() - startedAt)} ms`);
      if (isCut) log?.(`index: the workspace has more than ${maxFiles} files, the rest was left out`);
      if (skips.line !== undefined) log?.(skips.line);
    } catch (error) {
      // The client or its workspace is gone. The files read so far stay in use.
      if (this.#isOn) this.#state = 'ready';
      log?.(`index: stopped at ${this.#files.count} files (${error instanceof Error ? error.name : typeof error})`);
    } finally {
      this.#listed = undefined;
    }
  }

  /** Indexes open documents until the next reset. */
  async #putOpen(epoch: number): Promise<void> {
    for (const uri of this.options.openUris())
      if (epoch === this.#files.epoch && !this.#files.has(uri)) await this.#files.documentSettled(uri, false);
  }

  #turnOff(): void {
    this.#state = 'off';
    this.#laterSkips.clear();
    this.#readAgain = this.#isGivenUp = false;
    this.#files.forget();
  }

  get #isOn(): boolean {
    return !this.#closed && this.#state !== 'off';
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#updateFailed(error));
  }

  #updateFailed(error: unknown): void {
    this.options.log?.(`index: an update failed (${error instanceof Error ? error.name : typeof error})`);
  }
}
