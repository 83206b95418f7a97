import type { WorkspaceFile, WorkspaceReadResult } from '../protocol/client.ts';
import { urisBelow } from './urisBelow.ts';
import type { ClientIndex } from './clientIndex.ts';
import type { FileSource } from './fileSource.ts';
import { revisionOf } from './revision.ts';
import { filesIn, type SkipCounts } from './skipCounts.ts';
import { unfitness } from './unfitness.ts';
import type { FileText } from './workspaceIndex.ts';

export interface IndexedFilesOptions {
  readonly index: ClientIndex;
  /** Absent if the client only sends its open documents. */
  readonly source?: FileSource;
  /** Returns the text of an open document, which replaces the text on disk. */
  readonly openText: (uri: string) => string | undefined;
  /**
   * Returns the language of an open document. The name may not tell it: a notebook's cells have their notebook's name.
   */
  readonly openLanguage?: (uri: string) => string | undefined;
  /** Returns the path below the workspace's folders, for documents outside the listing. */
  readonly pathOf: (uri: string) => string;
  /** Whether the workspace is indexed. If not, no text is requested or put. */
  readonly isOn: () => boolean;
}

const READ_BATCH_FILES = 64;

/** Counts files that are left out. */
type Skips = Pick<SkipCounts, 'add'>;

/**
 * The files of a client that are in its index. Their texts come from the editor if they are open, else through the
 * client.
 */
export class IndexedFiles {
  readonly #known = new Map<string, { readonly path: string; readonly revision: number }>();
  /** Files that were left out when they were last read. */
  readonly #leftOut = new Set<string>();
  /**
   * The files that running reads may still bring, by batch. A file that was removed or read otherwise meanwhile is not
   * among them.
   */
  readonly #awaited = new Set<Set<string>>();
  /** Counts resets. Answers to requests from before a reset are ignored. */
  #epoch = 0;

  constructor(private readonly options: IndexedFilesOptions) {}

  get count(): number {
    return this.#known.size;
  }

  /** A number that changes with each reset. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Returns the path of a file below the workspace's folders. */
  pathOf(uri: string): string {
    return this.#known.get(uri)?.path ?? this.options.pathOf(uri);
  }

  /** Returns whether the workspace has the file now. With `revision`, the text must have that revision too. */
  has(uri: string, revision?: number): boolean {
    const known = this.#known.get(uri);
    return known !== undefined && (revision === undefined || known.revision === revision);
  }

  /** Returns whether the file is left out, and so was counted. */
  isLeftOut(uri: string): boolean {
    return this.#leftOut.has(uri);
  }

  /** Forgets all files. The index itself must be told separately. */
  forget(): void {
    this.#known.clear();
    this.#leftOut.clear();
    this.#epoch++;
  }

  /** Puts files into the index, and counts files without a text. Rejects if the client fails or disconnects. */
  async read(files: readonly WorkspaceFile[], skips?: Skips): Promise<void> {
    const paths = new Map(files.map(({ uri, path }) => [uri, path]));
    for (const [uri, path] of paths) {
      const text = this.options.openText(uri);
      if (text === undefined) continue;
      await this.#putOpen({ uri, path, text });
      this.#countUnfit([text], skips);
    }
    await this.#readTexts(
      [...paths.keys()].filter((uri) => this.options.openText(uri) === undefined),
      (texts) => this.#put(texts.map((file) => ({ ...file, path: paths.get(file.uri) ?? this.pathOf(file.uri) }))),
      { isNewest: true, skips },
    );
  }

  /** Gives the index texts that it has dropped from memory. Files that can't be read are left out. */
  async reread(uris: readonly string[]): Promise<void> {
    const give = async (files: WorkspaceReadResult['files']): Promise<void> =>
      void (await this.options.index.ask('giveTexts', { files }));
    const open = uris.flatMap((uri) => {
      const text = this.options.openText(uri);
      return text === undefined ? [] : [{ uri, text }];
    });
    if (open.length > 0) await give(open);
    await this.#readTexts(
      uris.filter((uri) => !open.some((each) => each.uri === uri)),
      give,
      { isNewest: false },
    ).catch(() => undefined);
  }

  /**
   * Indexes a document that was opened, edited or closed a moment ago. Counts it if its new text makes it leave the
   * index.
   */
  async documentSettled(uri: string, isClosed: boolean, skips?: Skips): Promise<void> {
    const text = this.options.openText(uri);
    const path = this.pathOf(uri);
    if (text !== undefined) {
      if (this.#known.has(uri)) this.#countUnfit([text], skips);
      return this.#putOpen({ uri, path, text });
    }
    if (!isClosed) return;
    // Unsaved changes are gone, and a document without a file is gone too.
    if (this.#known.has(uri)) await this.remove([uri]);
    await this.read([{ uri, path }]);
  }

  /** Removes files and folders from the index. */
  async remove(uris: readonly string[]): Promise<void> {
    const folders = uris.filter((uri) => !this.#known.delete(uri));
    for (const uri of urisBelow(this.#known.keys(), folders)) this.#known.delete(uri);
    for (const uri of [...uris, ...urisBelow(this.#leftOut, folders)]) this.#leftOut.delete(uri);
    for (const awaited of this.#awaited) for (const uri of urisBelow(awaited, folders)) awaited.delete(uri);
    this.#awaitNoMore(uris);
    await this.options.index.ask('remove', { uris });
  }

  /** Removes all files from the index that are neither listed nor open. */
  async retain(listed: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#known.keys()].filter((uri) => !listed.has(uri) && this.options.openText(uri) === undefined);
    for (const uri of gone) this.#known.delete(uri);
    if (gone.length > 0) await this.options.index.ask('retain', { uris: [...this.#known.keys()] });
  }

  /**
   * Requests texts. A file without a text in the response may no longer be read, or is not a text. `isNewest` means
   * that earlier requests have older texts, whenever they arrive. Texts for `giveTexts` are not put, so they replace no
   * earlier request.
   */
  async #readTexts(
    uris: readonly string[],
    take: (texts: WorkspaceReadResult['files']) => Promise<void>,
    { isNewest, skips }: { readonly isNewest: boolean; readonly skips?: Skips | undefined },
  ): Promise<void> {
    const epoch = this.#epoch;
    let rest = [...uris];
    while (rest.length > 0 && this.options.isOn()) {
      const batch = rest.slice(0, READ_BATCH_FILES);
      if (isNewest) this.#awaitNoMore(batch);
      const awaited = new Set(batch);
      this.#awaited.add(awaited);
      let result: WorkspaceReadResult | undefined;
      try {
        result = await this.options.source?.read(batch);
      } finally {
        this.#awaited.delete(awaited);
      }
      if (result === undefined || epoch !== this.#epoch) return;
      // A document that was opened meanwhile already has the editor's text.
      const asked = new Set([...awaited].filter((uri) => this.options.openText(uri) === undefined));
      const texts = result.files.filter(({ uri, text }) => asked.has(uri) && unfitness(text) === undefined);
      const remaining = new Set(result.remaining.filter((uri) => awaited.has(uri)));
      for (const uri of [...texts.map(({ uri }) => uri), ...remaining]) asked.delete(uri);
      const gone = [...asked].filter((uri) => this.#known.has(uri));
      await Promise.all([take(texts), gone.length > 0 ? this.remove(gone) : undefined]);
      if (isNewest && epoch === this.#epoch) for (const uri of asked) this.#leftOut.add(uri);
      const again = batch.filter((uri) => remaining.has(uri));
      const unfit = result.files.filter(({ uri }) => asked.has(uri));
      const givenUp = again.length < batch.length ? 0 : again.length;
      skips?.add(result.skipped);
      this.#countUnfit(
        unfit.map(({ text }) => text),
        skips,
      );
      skips?.add({ notGiven: Math.max(0, asked.size - unfit.length - filesIn(result.skipped)) + givenUp });
      // A client that returns none of the texts would be asked forever.
      rest = [...(again.length < batch.length ? again : []), ...rest.slice(READ_BATCH_FILES)];
    }
  }

  #awaitNoMore(uris: readonly string[]): void {
    for (const awaited of this.#awaited) for (const uri of uris) awaited.delete(uri);
  }

  #countUnfit(texts: readonly string[], skips: Skips | undefined): void {
    for (const text of texts) {
      const reason = unfitness(text);
      if (reason !== undefined) skips?.add({ [reason]: 1 });
    }
  }

  /**
   * Indexes a document with the editor's text. A document that is too large or minified is left out, as a file would
   * be.
   */
  async #putOpen(document: Omit<FileText, 'revision'>): Promise<void> {
    if (unfitness(document.text) === undefined) return this.#put([document]);
    if (this.#known.has(document.uri)) await this.remove([document.uri]);
    this.#leftOut.add(document.uri);
  }

  async #put(texts: readonly Omit<FileText, 'revision'>[]): Promise<void> {
    if (!this.options.isOn() || texts.length === 0) return;
    const files = texts.map((file): FileText => ({
      ...file,
      revision: revisionOf(file.text),
      languageId: this.options.openLanguage?.(file.uri) ?? file.languageId,
    }));
    for (const { uri, path, revision } of files) {
      this.#known.set(uri, { path, revision });
      this.#leftOut.delete(uri);
    }
    this.#awaitNoMore(files.map(({ uri }) => uri));
    await this.options.index.ask('put', { files });
  }
}
