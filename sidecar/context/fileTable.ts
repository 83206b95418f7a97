import { below } from './below.ts';
import type { ImportedPath } from './imports.ts';
import type { DocumentId } from './invertedIndex.ts';

export interface IndexedFile {
  readonly uri: string;
  readonly path: string;
  readonly languageId: string;
  /** Of its text. */
  readonly revision: number;
  readonly document: DocumentId;
}

/** What stands for a folder when it is imported. */
const FOLDER_FILES = new Set(['index', '__init__', 'mod', 'lib', 'main', 'package']);
const MAX_SAME_STEM = 2_000;

/** The files of one workspace, found by URI, by number, and by the paths that imports name. */
export class FileTable {
  readonly #byUri = new Map<string, IndexedFile>();
  readonly #byDocument = new Map<DocumentId, IndexedFile>();
  readonly #byStem = new Map<string, Set<IndexedFile>>();

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
    const stem = stemOf(file.path);
    const same = this.#byStem.get(stem);
    if (same === undefined) this.#byStem.set(stem, new Set([file]));
    else same.add(file);
  }

  remove(uri: string): IndexedFile | undefined {
    const file = this.#byUri.get(uri);
    if (file === undefined) return undefined;
    this.#byUri.delete(uri);
    this.#byDocument.delete(file.document);
    const same = this.#byStem.get(stemOf(file.path));
    same?.delete(file);
    if (same?.size === 0) this.#byStem.delete(stemOf(file.path));
    return file;
  }

  /** The files of those URIs, and all files below those that are folders. */
  at(uris: readonly string[]): IndexedFile[] {
    const folders = uris.filter((uri) => !this.#byUri.has(uri));
    return [...new Set([...uris, ...below(this.#byUri.keys(), folders)])].flatMap((uri) => this.#byUri.get(uri) ?? []);
  }

  values(): IterableIterator<IndexedFile> {
    return this.#byUri.values();
  }

  /** Files with that name, endings aside. */
  withStem(stem: string): readonly IndexedFile[] {
    return [...(this.#byStem.get(stem.toLowerCase()) ?? [])];
  }

  /** The file that an import means, the nearest to `from` where several fit. A Go package is a folder: then all files in it. */
  resolve(imported: ImportedPath, from: { readonly path: string; readonly languageId: string }): readonly IndexedFile[] {
    const { segments } = imported;
    const last = segments.at(-1);
    if (last === undefined) return [];
    if (from.languageId === 'go') return this.#packageFiles(segments);
    const wanted = segments.join('/').toLowerCase();
    const named = [...(this.#byStem.get(last.toLowerCase()) ?? [])].slice(0, MAX_SAME_STEM).filter((file) => fits(withoutEnding(file.path), wanted, imported.isExact));
    const folders = named.length > 0 ? [] : [...FOLDER_FILES].flatMap((stem) => [...(this.#byStem.get(stem) ?? [])].slice(0, MAX_SAME_STEM)).filter((file) => fits(folderOf(file.path), wanted, imported.isExact));
    const found = [...named, ...folders].filter((file) => isOfKind(file.languageId, from.languageId) && file.path !== from.path);
    const nearest = found.sort((one, other) => sharedSegments(other.path, from.path) - sharedSegments(one.path, from.path))[0];
    return nearest === undefined ? [] : [nearest];
  }

  #packageFiles(segments: readonly string[]): IndexedFile[] {
    const wanted = segments.join('/').toLowerCase();
    const found: IndexedFile[] = [];
    for (const file of this.#byUri.values()) if (file.languageId === 'go' && !file.path.endsWith('_test.go') && fits(folderOf(file.path), wanted, false)) found.push(file);
    return found.slice(0, 12);
  }
}

/** The file's name in lower case without its ending. */
export function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = name.indexOf('.', 1);
  return dot < 0 ? name : name.slice(0, dot);
}

function withoutEnding(path: string): string {
  const slash = path.lastIndexOf('/');
  const dot = path.indexOf('.', slash + 2);
  return (dot < 0 ? path : path.slice(0, dot)).toLowerCase();
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))).toLowerCase();
}

/** Paths of a workspace with several folders begin with the folder's name, so even exact ones may begin one segment later. */
function fits(path: string, wanted: string, isExact: boolean): boolean {
  return path === wanted || (path.endsWith(`/${wanted}`) && (!isExact || wanted.includes('/') || path.split('/').length - wanted.split('/').length <= 1));
}

const SCRIPTS = new Set(['typescript', 'typescriptreact', 'javascript', 'javascriptreact', 'vue', 'svelte']);
const C_FAMILY = new Set(['c', 'cpp', 'objective-c']);
const JVM = new Set(['java', 'kotlin', 'scala', 'groovy']);

function isOfKind(one: string, other: string): boolean {
  return one === other || [SCRIPTS, C_FAMILY, JVM].some((kind) => kind.has(one) && kind.has(other));
}

/** Leading folders that two paths share. */
export function sharedSegments(one: string, other: string): number {
  const first = one.split('/');
  const second = other.split('/');
  let shared = 0;
  while (shared < first.length - 1 && first[shared] === second[shared]) shared++;
  return shared;
}
