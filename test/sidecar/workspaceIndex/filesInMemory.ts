import type { FileSource } from '../../../sidecar/workspaceIndex/fileSource.ts';

/** A client whose files are a table from path to text. */
export class FilesInMemory implements FileSource {
  /** The URIs of all requests, in order. */
  readonly asked: string[] = [];

  constructor(
    readonly texts: Record<string, string>,
    private readonly pageFiles = 100,
  ) {}

  static uri(path: string): string {
    return `file:///project/${path}`;
  }

  async list(page = 0): ReturnType<FileSource['list']> {
    const paths = Object.keys(this.texts);
    const start = page * this.pageFiles;
    const files = paths.slice(start, start + this.pageFiles).map((path) => ({ uri: FilesInMemory.uri(path), path }));
    return { files, ...(start + this.pageFiles < paths.length ? { next: page + 1 } : {}) };
  }

  async read(uris: readonly string[]): ReturnType<FileSource['read']> {
    this.asked.push(...uris);
    const files = uris.flatMap((uri) => {
      const text = this.texts[uri.replace('file:///project/', '')];
      return text === undefined ? [] : [{ uri, text }];
    });
    return { files, remaining: [] };
  }
}
