import { urisBelow } from './urisBelow.ts';
import type { ImportedPath } from './imports.ts';
import type { DocumentId } from './invertedIndex.ts';

export interface IndexedFile {
  readonly uri: string;
  readonly path: string;
  readonly languageId: string;
  /** The revision of the text. */
  readonly revision: number;
  readonly document: DocumentId;
}

/** A file that imports others. */
type Importer = Pick<IndexedFile, 'path' | 'languageId'>;

/** Names of files that represent their folder in imports. */
const FOLDER_FILES = new Set(['index', '__init__', 'mod', 'lib', 'main', 'package']);
const MAX_SAME_STEM = 2_000;

/** The files of a workspace. Finds them by URI, by number, and by the paths of imports. */
export class FileTable {
  readonly #byUri = new Map<string, IndexedFile>();
  readonly #byDocument = new Map<DocumentId, IndexedFile>();
  readonly #byStem = new Map<string, Set<IndexedFile>>();
  /**
   * Go files by the name of their folder. A Go file imports dozens of folders, and a workspace may have a hundred
   * thousand files.
   */
  readonly #goByFolder = new Map<string, Set<IndexedFile>>();

  get count(): number {
    return this.#byUri.size;
  }

  get(uri: string): IndexedFile | undefined {
    return this.#byUri.get(uri);
  }

  ofDocument(document: DocumentId): IndexedFile | undefined {
    return this.#byDocument.get(document);
  }

  add(file: IndexedFile): void {
    this.#byUri.set(file.uri, file);
    this.#byDocument.set(file.document, file);
    addTo(this.#byStem, stemOf(file.path), file);
    if (file.languageId === 'go') addTo(this.#goByFolder, nameOf(folderOf(file.path)), file);
  }

  remove(uri: string): IndexedFile | undefined {
    const file = this.#byUri.get(uri);
    if (file === undefined) return undefined;
    this.#byUri.delete(uri);
    this.#byDocument.delete(file.document);
    removeFrom(this.#byStem, stemOf(file.path), file);
    removeFrom(this.#goByFolder, nameOf(folderOf(file.path)), file);
    return file;
  }

  /** Returns the files with these URIs, and all files below those that are folders. */
  at(uris: readonly string[]): IndexedFile[] {
    const folders = uris.filter((uri) => !this.#byUri.has(uri));
    return [...new Set([...uris, ...urisBelow(this.#byUri.keys(), folders)])].flatMap(
      (uri) => this.#byUri.get(uri) ?? [],
    );
  }

  values(): IterableIterator<IndexedFile> {
    return this.#byUri.values();
  }

  /** Returns the files with this name up to its first dot. */
  withStem(stem: string): readonly IndexedFile[] {
    return [...(this.#byStem.get(stem.toLowerCase()) ?? [])];
  }

  /**
   * Returns the file that an import means: the file with the most exact name, and of several the nearest to `from`. A
   * folder's index file comes before names with more dots, which are mostly tests, stories and declarations. A Go
   * package is a folder, so all of its files are returned.
   */
  resolve(imported: ImportedPath, from: Importer): readonly IndexedFile[] {
    const { segments, isExact } = imported;
    if (segments.length === 0) return [];
    if (from.languageId === 'go') return this.#packageFiles(segments);
    const there = isExact ? this.#mostExact(imported, from, (path, wanted) => path === wanted) : [];
    return there.length > 0 ? there : this.#mostExact(imported, from, (path, wanted) => fits(path, wanted, isExact));
  }

  /** Returns at most one file. `isPlace` tells whether a path in lower case is a wanted one. */
  #mostExact(
    { segments, ending = '' }: ImportedPath,
    from: Importer,
    isPlace: (path: string, wanted: string) => boolean,
  ): readonly IndexedFile[] {
    const wanted = segments.join('/').toLowerCase();
    const last = segments.at(-1)?.toLowerCase() ?? '';
    const candidates = (stem: string): IndexedFile[] =>
      this.withStem(stem)
        .slice(0, MAX_SAME_STEM)
        .filter((file) => isOfKind(file.languageId, from.languageId) && file.path !== from.path);
    const fitting = (files: readonly IndexedFile[], pathOf: (path: string) => string, whole = wanted): IndexedFile[] =>
      files.filter(({ path }) => isPlace(pathOf(path.toLowerCase()), whole));
    const nearest = (files: readonly IndexedFile[]): IndexedFile[] =>
      [...files]
        .sort((one, other) => sharedSegments(other.path, from.path) - sharedSegments(one.path, from.path))
        .slice(0, 1);
    const named = candidates(stemOf(last));
    const asWritten = nearest(fitting(named, (path) => path, `${wanted}${ending}`));
    // An include gives its file's full name. A header is not the source beside it.
    if (asWritten.length > 0 || (ending !== '' && C_FAMILY.has(from.languageId))) return asWritten;
    const byName = nearest(fitting(named, withoutEnding));
    if (byName.length > 0) return byName;
    const folderFiles = fitting([...FOLDER_FILES].flatMap(candidates), folderOf);
    const lessExact = [
      folderFiles.filter(({ path }) => !hasMoreDots(path)),
      fitting(named, (path) => withoutEndings(path, last)),
      folderFiles,
    ];
    return lessExact.flatMap(nearest).slice(0, 1);
  }

  #packageFiles(segments: readonly string[]): IndexedFile[] {
    const wanted = segments.join('/').toLowerCase();
    const files = [...(this.#goByFolder.get(nameOf(wanted)) ?? [])];
    return files.filter(({ path }) => !path.endsWith('_test.go') && fits(folderOf(path), wanted, false)).slice(0, 12);
  }
}

function addTo<Value>(sets: Map<string, Set<Value>>, key: string, value: Value): void {
  const values = sets.get(key);
  if (values === undefined) sets.set(key, new Set([value]));
  else values.add(value);
}

function removeFrom<Value>(sets: Map<string, Set<Value>>, key: string, value: Value): void {
  const values = sets.get(key);
  values?.delete(value);
  if (values?.size === 0) sets.delete(key);
}

/** Returns the part behind the last slash. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Returns a file's name in lower case up to its first dot. */
export function stemOf(path: string): string {
  const name = nameOf(path).toLowerCase();
  const dot = name.indexOf('.', 1);
  return dot < 0 ? name : name.slice(0, dot);
}

/** Removes the ending behind the last dot: `users.service` for `users.service.ts`. */
export function withoutEnding(path: string): string {
  const dot = path.lastIndexOf('.');
  return dot <= path.lastIndexOf('/') + 1 ? path : path.slice(0, dot);
}

/** Removes all endings behind `name`, if the file's name begins with it. */
function withoutEndings(path: string, name: string): string {
  const start = path.lastIndexOf('/') + 1;
  return path.startsWith(`${name}.`, start) ? path.slice(0, start + name.length) : path;
}

function hasMoreDots(path: string): boolean {
  return withoutEnding(path).length > path.lastIndexOf('/') + 1 + stemOf(path).length;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))).toLowerCase();
}

/**
 * Returns whether a path matches. In a workspace with several folders paths begin with the folder's name, so even exact
 * paths may begin one segment later.
 */
function fits(path: string, wanted: string, isExact: boolean): boolean {
  return (
    path === wanted ||
    (path.endsWith(`/${wanted}`) &&
      (!isExact || wanted.includes('/') || path.split('/').length - wanted.split('/').length <= 1))
  );
}

const SCRIPTS = new Set(['typescript', 'typescriptreact', 'javascript', 'javascriptreact', 'vue', 'svelte']);
const C_FAMILY = new Set(['c', 'cpp', 'objective-c']);
const JVM = new Set(['java', 'kotlin', 'scala', 'groovy']);

function isOfKind(one: string, other: string): boolean {
  return one === other || [SCRIPTS, C_FAMILY, JVM].some((kind) => kind.has(one) && kind.has(other));
}

/** Returns the number of leading folders that two paths share. */
export function sharedSegments(one: string, other: string): number {
  const first = one.split('/');
  const second = other.split('/');
  let shared = 0;
  while (shared < first.length - 1 && first[shared] === second[shared]) shared++;
  return shared;
}
