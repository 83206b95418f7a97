import { LRUCache } from 'lru-cache';
import { type Chunk, cutIntoChunks } from './chunks.ts';
import { definedNames } from './definedNames.ts';
import { definitionShapes } from '../syntax/definitionShapes.ts';
import { FileTable, type IndexedFile } from './fileTable.ts';
import { type Grammars, ParserEnded } from '../syntax/grammars.ts';
import { InvertedIndex, MAX_DOCUMENTS } from './invertedIndex.ts';
import { type ImportedPath, importedPaths } from './imports.ts';
import { languageIdOf } from '../syntax/languageIds.ts';
import { type Definition, outline } from './outline.ts';
import type { ContextQuery } from './snippet.ts';
import { definitionHash, termCounts } from './terms.ts';
import { hasEndlessLine } from './unfitness.ts';

export interface FileText {
  readonly uri: string;
  readonly path: string;
  readonly text: string;
  /** The revision of the text, from `revisionOf`. */
  readonly revision: number;
  /** If absent, the name tells the language. */
  readonly languageId?: string | undefined;
}

/** A parsed file: its definitions and its chunks. */
export interface ReadFile {
  readonly file: IndexedFile;
  readonly text: string;
  readonly definitions: readonly Definition[];
  readonly chunks: readonly Chunk[];
}

/** The most text in memory, in UTF-16 units. Other texts are requested again when they are needed. */
const MAX_KEPT_UNITS = 24 * 1024 * 1024;
const MAX_READ_FILES = 300;
/** The most text of parsed files, in UTF-16 units. Each text is there twice, as a whole and in chunks. */
const MAX_READ_UNITS = 64 * 1024 * 1024;

/** The most documents whose imports are kept. Each request for a document selects files more than once. */
const MAX_IMPORTING_DOCUMENTS = 8;

/**
 * The files of a workspace: the terms of each, and the names that it seems to define. A file is parsed when it is first
 * needed for a place.
 */
export class WorkspaceIndex {
  readonly files = new FileTable();
  readonly terms = new InvertedIndex();
  // A size must be positive, and a text may have become empty.
  readonly #texts = new LRUCache<string, string>({
    maxSize: MAX_KEPT_UNITS,
    sizeCalculation: (text) => text.length + 1,
  });
  readonly #read = new LRUCache<string, ReadFile>({
    max: MAX_READ_FILES,
    maxSize: MAX_READ_UNITS,
    sizeCalculation: ({ text }) => text.length + 1,
  });

  readonly #imports = new LRUCache<string, { readonly text: string; readonly paths: readonly ImportedPath[] }>({
    max: MAX_IMPORTING_DOCUMENTS,
  });

  /** `unparsed`: URIs of documents that are not parsed. Documents whose parse takes too long are added. */
  constructor(
    private readonly grammars: Grammars,
    private readonly unparsed = new Set<string>(),
  ) {}

  /** Adds a file, or replaces its text. */
  put({ uri, path, text, revision, languageId = languageIdOf(path) }: FileText): void {
    this.#forgetFile(uri);
    if (text.trim() === '' || hasEndlessLine(text) || this.terms.nextId >= MAX_DOCUMENTS) return;
    const counts = termCounts(text);
    for (const name of definedNames(text)) counts.set(definitionHash(name), 1);
    const document = this.terms.add(counts);
    this.files.add({ uri, path, languageId, revision, document });
    const shapes = definitionShapes(languageId);
    // A grammar that can't be loaded is reported by the code that needs it.
    if (shapes !== undefined) this.grammars.warm(shapes.grammar).catch(() => undefined);
    this.#texts.set(uri, text);
  }

  /** Removes files, and all files below folders. */
  remove(uris: readonly string[]): void {
    for (const file of this.files.at(uris)) this.#forgetFile(file.uri);
  }

  /**
   * Gives back the text of a file that was requested again. A file outside the index does not belong to the workspace.
   */
  giveText({ uri, text }: Pick<FileText, 'uri' | 'text'>): void {
    if (this.files.get(uri) !== undefined) this.#texts.set(uri, text);
  }

  hasText(uri: string): boolean {
    return this.#texts.get(uri) !== undefined;
  }

  textOf(uri: string): string | undefined {
    return this.#texts.get(uri);
  }

  /** Parses a file. Resolves with `undefined` if its text is not in memory. Rejects as `outline`. */
  async read(file: IndexedFile): Promise<ReadFile | undefined> {
    const known = this.#read.get(file.uri);
    if (known?.file === file) return known;
    const text = this.#texts.get(file.uri);
    if (text === undefined) return undefined;
    const normal = text.includes('\r') ? text.replaceAll('\r\n', '\n') : text;
    const definitions =
      (await outline(normal, file.languageId, this.grammars).catch((error: unknown) => rethrowWith(file.uri, error))) ??
      [];
    const read: ReadFile = { file, text: normal, definitions, chunks: cutIntoChunks(normal, definitions) };
    this.#read.set(file.uri, read);
    return read;
  }

  /** Returns the paths that a document imports; none if its text can't be parsed. Rejects as `read`. */
  async importsOf(
    document: Pick<ContextQuery, 'uri' | 'path' | 'languageId' | 'text'>,
  ): Promise<readonly ImportedPath[]> {
    const { uri, text } = document;
    if (this.files.count === 0 || this.unparsed.has(uri)) return [];
    const known = this.#imports.get(uri);
    if (known?.text === text) return known.paths;
    const paths = await importedPaths(document, this.grammars).catch((error: unknown) => rethrowWith(uri, error));
    if (paths === undefined) this.unparsed.add(uri);
    this.#imports.set(uri, { text, paths: paths ?? [] });
    return paths ?? [];
  }

  #forgetFile(uri: string): void {
    const file = this.files.remove(uri);
    if (file === undefined) return;
    this.terms.remove(file.document);
    this.#texts.delete(uri);
    this.#read.delete(uri);
  }
}

/** Throws an error; a `ParserEnded` also names the file at which the parser ended. */
function rethrowWith(uri: string, error: unknown): never {
  if (error instanceof ParserEnded) error.uri ??= uri;
  throw error;
}
