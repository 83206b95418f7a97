import { setTimeout as sleep } from 'node:timers/promises';
import type { IndexState, WorkspaceChange, WorkspaceDefinitionsParams, WorkspaceDefinitionsResult, WorkspaceFile, WorkspaceListResult, WorkspaceReadResult } from '../protocol/client.ts';
import { below } from './below.ts';
import { KnownDefinitions } from './knownDefinitions.ts';
import type { IndexThread } from './indexThread.ts';
import { revisionOf } from './revision.ts';
import type { ContextQuery, PlaceQuery, Snippet } from './snippet.ts';
import type { FileText } from './workspaceIndex.ts';

/** How one client is asked for its files, and for what its language servers know. All throw where the client fails or goes. */
export interface FileSource {
  list(page: number | undefined): Promise<WorkspaceListResult>;
  read(uris: readonly string[]): Promise<WorkspaceReadResult>;
  definitions?(params: WorkspaceDefinitionsParams): Promise<WorkspaceDefinitionsResult>;
}

export interface ClientWorkspaceOptions {
  /** Names this client's index. */
  readonly key: string;
  readonly thread: IndexThread;
  /** Absent: the client gives nothing but its open documents. */
  readonly source?: FileSource;
  /** URIs of the documents that are open in the editor. */
  readonly openUris: () => readonly string[];
  /** Text of an open document, which goes before what is on disk. */
  readonly openText: (uri: string) => string | undefined;
  /** Language of an open document, which its name may not tell: a notebook's cells have their notebook's name. */
  readonly openLanguage?: (uri: string) => string | undefined;
  /** Below the workspace's folders; for documents that no listing named. */
  readonly pathOf: (uri: string) => string;
  /** Counts and times; never names or code. */
  readonly log?: (line: string) => void;
}

const READ_BATCH_FILES = 64;
const MAX_FILES = 200_000;
const MAX_TEXT_UNITS = 1024 * 1024;
/** Keystrokes within this time are indexed as one. */
const EDIT_DELAY_MS = 100;
const MAX_EDITS = 8;
const FIRST_READ_LIMIT_MS = 1_000;
/** A completion does not wait longer for texts that have to be read again. */
const REREAD_LIMIT_MS = 100;

/**
 * One client's workspace as the index knows it. Files are listed and read through the client, in batches with pauses, so that neither side
 * ever has much to do at once; what is open in the editor, and how it is edited, counts before what is on disk.
 */
export class ClientWorkspace {
  readonly #known = new Map<string, { readonly path: string; readonly revision: number }>();
  readonly #edits: { uri: string; line: number }[] = [];
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  #tabs: readonly string[] = [];
  #reading: Promise<void> | undefined;
  #readAgain = false;
  #state: IndexState['state'] = 'off';
  #startedAtMs = 0;
  #closed = false;
  #isGivenUp = false;
  /** Counts how often everything was forgotten: what was asked for before then is not taken any more. */
  #epoch = 0;

  readonly #definitions: KnownDefinitions;

  constructor(private readonly options: ClientWorkspaceOptions) {
    const { source } = options;
    this.#definitions = new KnownDefinitions(source?.definitions?.bind(source));
  }

  get state(): IndexState {
    return { state: this.#state, files: this.#known.size };
  }

  /** Whether it is off since no index could hold it: it is read again when the client asks for that. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Whether everything that is listed is indexed. */
  get isWhole(): boolean {
    return this.#state === 'ready' && this.#reading === undefined;
  }

  /** Below the workspace's folders. */
  pathOf(uri: string): string {
    return this.#known.get(uri)?.path ?? this.options.pathOf(uri);
  }

  /** Whether the workspace has the file now; with `revision`, whether its text is that one. */
  has(uri: string, revision?: number): boolean {
    const known = this.#known.get(uri);
    return known !== undefined && (revision === undefined || known.revision === revision);
  }

  /** Resolves when everything that is listed is indexed. */
  async whenReady(): Promise<void> {
    while (this.#reading !== undefined) await this.#reading;
  }

  /** Resolves when everything is indexed, or a second after the reading began: small workspaces are there with the first completion. */
  async whenUsable(): Promise<void> {
    const restMs = this.#startedAtMs + FIRST_READ_LIMIT_MS - performance.now();
    if (this.#state === 'reading' && restMs > 0) await Promise.race([this.#reading, sleep(restMs)]);
  }

  /** Reads the workspace, in the background; anew where it was read before. */
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

  /** The index was lost: fills it again. */
  restart(): void {
    if (this.#state === 'off') return;
    this.#forgetKnown();
    this.start();
  }

  /** The index was lost, and would be again: asks for nothing any more until `start`, or until other files may be read. */
  giveUp(): void {
    if (this.#state === 'off') return;
    this.#turnOff();
    this.#isGivenUp = true;
  }

  /** Forgets everything, and asks for nothing any more until `start`. */
  async stop(): Promise<void> {
    this.#turnOff();
    await this.#ask('forget', {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    await this.stop();
  }

  /** The client tells of files that changed. */
  changed({ changed = [], deleted = [], reset = false }: WorkspaceChange): void {
    if (this.#closed || (this.#state === 'off' && !(reset && this.#isGivenUp))) return;
    if (deleted.length > 0) this.#inBackground(this.#remove(deleted));
    if (reset) {
      // Nothing serves that might be forbidden now, not even until the new listing is read.
      this.#forgetKnown();
      this.#inBackground(this.#ask('forget', {}).then(() => undefined));
      this.start();
    } else if (changed.length > 0) this.#inBackground(this.#readFiles(changed));
  }

  tabsChanged(uris: readonly string[]): void {
    this.#tabs = uris;
  }

  /** A document of the editor was opened, edited or closed. */
  documentChanged(uri: string, change: { readonly kind: 'opened' | 'closed' } | { readonly kind: 'changed'; readonly line: number }): void {
    if (this.#closed || this.#state === 'off') return;
    if (change.kind === 'changed') this.#noteEdit(uri, change.line);
    clearTimeout(this.#waiting.get(uri));
    const timer = setTimeout(() => {
      this.#waiting.delete(uri);
      this.#inBackground(this.#documentSettled(uri, change.kind === 'closed'));
    }, change.kind === 'changed' ? EDIT_DELAY_MS : 0);
    this.#waiting.set(uri, timer);
  }

  /** Ranked pieces for a place. None where the index is off or failed. */
  async snippets(query: PlaceQuery): Promise<readonly Snippet[]> {
    if (this.#state === 'off') return [];
    const { definitions, problems } = await this.#definitions.at(query);
    const known = definitions.filter(({ uri }) => uri !== query.uri && this.#known.has(uri));
    const full: ContextQuery = { ...query, openUris: this.#tabs, edits: this.#edits.filter(({ uri }) => uri !== query.uri), definitions: known, problems };
    return (await this.#asking('select', { query: full }, 'rank', { query: full })) ?? [];
  }

  /** Whole texts of the files that a place needs, best first, of `maxUnits` together. */
  async texts(query: PlaceQuery, maxUnits: number): Promise<readonly Pick<FileText, 'uri' | 'text'>[]> {
    if (this.#state === 'off') return [];
    const full: ContextQuery = { ...query, openUris: this.#tabs, edits: [], definitions: [], problems: [] };
    return ((await this.#ask('texts', { query: full, maxUnits })) as Pick<FileText, 'uri' | 'text'>[] | undefined) ?? [];
  }

  /** Pieces that fit the words of a question. */
  async search(words: string, limit: number): Promise<readonly Snippet[]> {
    if (this.#state === 'off') return [];
    const params = { words, openUris: this.#tabs };
    return (await this.#asking('needed', params, 'search', { ...params, limit })) ?? [];
  }

  /** Definitions of a name. */
  async symbols(name: string, limit: number): Promise<readonly Snippet[]> {
    if (this.#state === 'off') return [];
    return (await this.#asking('needed', { symbol: name, openUris: [] }, 'symbols', { name, limit })) ?? [];
  }

  async #asking(need: 'select' | 'needed', needParams: object, method: 'rank' | 'search' | 'symbols', params: object): Promise<readonly Snippet[] | undefined> {
    const found = (await this.#ask(need, needParams)) as { missing: readonly string[] } | undefined;
    if (found !== undefined && found.missing.length > 0) await Promise.race([this.#reread(found.missing), sleep(REREAD_LIMIT_MS)]);
    return (await this.#ask(method, params)) as readonly Snippet[] | undefined;
  }

  async #readAll(): Promise<void> {
    const startedAt = performance.now();
    const epoch = this.#epoch;
    const listed = new Set<string>();
    try {
      for (const uri of this.options.openUris()) await this.#documentSettled(uri, false);
      let page: number | undefined;
      do {
        const result: WorkspaceListResult = (await this.options.source?.list(page)) ?? { files: [] };
        if (epoch !== this.#epoch) return;
        const files = result.files.slice(0, MAX_FILES - listed.size);
        for (const { uri } of files) listed.add(uri);
        await this.#readFiles(files);
        page = listed.size < MAX_FILES ? result.next : undefined;
      } while (page !== undefined && this.#isOn && !this.#readAgain);
      if (!this.#isOn || this.#readAgain) return;
      const gone = [...this.#known.keys()].filter((uri) => !listed.has(uri) && this.options.openText(uri) === undefined);
      for (const uri of gone) this.#known.delete(uri);
      if (gone.length > 0) await this.#ask('retain', { uris: [...this.#known.keys()] });
      this.#state = 'ready';
      this.options.log?.(`index: ${this.#known.size} files in ${Math.round(performance.now() - startedAt)} ms`);
    } catch (error) {
      // The client went, or its workspace did: what was read until then serves on.
      if (this.#isOn) this.#state = 'ready';
      this.options.log?.(`index: stopped at ${this.#known.size} files (${error instanceof Error ? error.name : typeof error})`);
    }
  }

  async #readFiles(files: readonly WorkspaceFile[]): Promise<void> {
    const paths = new Map(files.map(({ uri, path }) => [uri, path]));
    for (const [uri, path] of paths) {
      const text = this.options.openText(uri);
      if (text !== undefined) await this.#put([{ uri, path, text }]);
    }
    await this.#readTexts([...paths.keys()].filter((uri) => this.options.openText(uri) === undefined), (texts) =>
      this.#put(texts.map(({ uri, text }) => ({ uri, path: paths.get(uri) ?? this.pathOf(uri), text }))),
    );
  }

  /** Asks for texts. Files of which the client gives none may not be read any more, or are no texts. */
  async #readTexts(uris: readonly string[], take: (texts: WorkspaceReadResult['files']) => Promise<void>): Promise<void> {
    const epoch = this.#epoch;
    let rest = [...uris];
    while (rest.length > 0 && this.#isOn) {
      const batch = rest.slice(0, READ_BATCH_FILES);
      const result = await this.options.source?.read(batch);
      if (result === undefined || epoch !== this.#epoch) return;
      // One that was opened meanwhile is there as the editor has it.
      const asked = new Set(batch.filter((uri) => this.options.openText(uri) === undefined));
      const texts = result.files.filter(({ uri, text }) => asked.has(uri) && text.length <= MAX_TEXT_UNITS);
      const remaining = new Set(result.remaining);
      for (const uri of [...texts.map(({ uri }) => uri), ...remaining]) asked.delete(uri);
      const gone = [...asked].filter((uri) => this.#known.has(uri));
      await Promise.all([take(texts), gone.length > 0 ? this.#remove(gone) : undefined]);
      const again = batch.filter((uri) => remaining.has(uri));
      // A client that looks at nothing would be asked for ever.
      rest = [...(again.length < batch.length ? again : []), ...rest.slice(READ_BATCH_FILES)];
    }
  }

  async #reread(uris: readonly string[]): Promise<void> {
    const give = async (files: WorkspaceReadResult['files']): Promise<void> => void (await this.#ask('giveTexts', { files }));
    const open = uris.flatMap((uri) => {
      const text = this.options.openText(uri);
      return text === undefined ? [] : [{ uri, text }];
    });
    if (open.length > 0) await give(open);
    await this.#readTexts(uris.filter((uri) => !open.some((each) => each.uri === uri)), give).catch(() => undefined);
  }

  async #put(texts: readonly Omit<FileText, 'revision'>[]): Promise<void> {
    if (!this.#isOn || texts.length === 0) return;
    const files = texts.map((file): FileText => ({ ...file, revision: revisionOf(file.text), languageId: this.options.openLanguage?.(file.uri) }));
    for (const { uri, path, revision } of files) this.#known.set(uri, { path, revision });
    await this.#ask('put', { files });
  }

  async #remove(uris: readonly string[]): Promise<void> {
    const folders = uris.filter((uri) => !this.#known.delete(uri));
    for (const uri of below(this.#known.keys(), folders)) this.#known.delete(uri);
    await this.#ask('remove', { uris });
  }

  async #documentSettled(uri: string, isClosed: boolean): Promise<void> {
    const text = this.options.openText(uri);
    if (text !== undefined && text.length <= MAX_TEXT_UNITS) return this.#put([{ uri, path: this.pathOf(uri), text }]);
    const path = this.#known.get(uri)?.path;
    if (!isClosed || path === undefined) return;
    // What was not saved is gone; without a file there is nothing.
    await this.#remove([uri]);
    await this.#readFiles([{ uri, path }]);
  }

  #noteEdit(uri: string, line: number): void {
    const at = this.#edits.findIndex((edit) => edit.uri === uri);
    if (at >= 0) this.#edits.splice(at, 1);
    this.#edits.unshift({ uri, line });
    this.#edits.length = Math.min(this.#edits.length, MAX_EDITS);
  }

  #turnOff(): void {
    this.#state = 'off';
    this.#readAgain = this.#isGivenUp = false;
    this.#forgetKnown();
  }

  #forgetKnown(): void {
    this.#known.clear();
    this.#epoch++;
  }

  get #isOn(): boolean {
    return !this.#closed && this.#state !== 'off';
  }

  /** `undefined` where the index failed: completions go on without it. */
  async #ask(method: Parameters<IndexThread['ask']>[0], params: object): Promise<unknown> {
    return this.options.thread.ask(method, { workspace: this.options.key, ...params }).catch((error: unknown) => {
      if (!this.#closed) this.options.log?.(`index: ${method} failed (${error instanceof Error ? error.message : typeof error})`);
      return undefined;
    });
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.options.log?.(`index: an update failed (${error instanceof Error ? error.name : typeof error})`));
  }
}
