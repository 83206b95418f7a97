import { execFileSync } from 'node:child_process';
import type { SourceDocument } from '../../../sidecar/nextEdits/suggester.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import type { Grammars } from '../../../sidecar/syntax/grammars.ts';
import { filesNaming } from '../../../sidecar/workspaceIndex/wordSearch.ts';
import { WorkspaceIndex } from '../../../sidecar/workspaceIndex/workspaceIndex.ts';

const MAX_BYTES = 256 * 1024 * 1024;

/** The index of a workspace, as in the product, at one commit after the other. */
export class WorkspaceOfCommit {
  readonly #index: WorkspaceIndex;
  /** The blobs in the index, by path. */
  #blobs = new Map<string, string>();

  /** `repository` holds the commits, and `isFile` tells which of their files belong to the workspace. */
  constructor(
    private readonly repository: string,
    grammars: Grammars,
    private readonly isFile: (path: string) => boolean,
  ) {
    this.#index = new WorkspaceIndex(grammars);
  }

  /** Lets the index hold the files of a commit. Only files that differ from those of the last one are read. */
  checkOut(commit: string): void {
    const blobs = this.#blobsOf(commit);
    this.#index.remove([...this.#blobs.keys()].filter((path) => !blobs.has(path)));
    const changed = [...blobs].filter(([path, blob]) => this.#blobs.get(path) !== blob);
    for (const [index, text] of this.#textsOf(changed.map(([, blob]) => blob)).entries()) {
      const [path = ''] = changed[index] ?? [];
      this.#index.put({ uri: path, path, text, revision: 0 });
    }
    this.#blobs = blobs;
  }

  /** Returns the files in which the product finds a name. */
  documentsNaming(name: string): SourceDocument[] {
    return filesNaming(this.#index, name).flatMap(({ path }) => this.document(path) ?? []);
  }

  /** Returns a file with its text; `undefined` if the commit has no such file. */
  document(path: string): SourceDocument | undefined {
    const text = this.#index.textOf(path);
    return text === undefined ? undefined : { uri: path, path, languageId: languageIdOf(path), text };
  }

  #blobsOf(commit: string): Map<string, string> {
    const lines = this.#git(['ls-tree', '-r', '-z', commit]).toString('utf8').split('\0');
    return new Map(
      lines.flatMap((line): [string, string][] => {
        const [, blob, path] = /^100\d+ blob (\w+)\t(.*)$/s.exec(line) ?? [];
        return blob !== undefined && path !== undefined && this.isFile(path) ? [[path, blob]] : [];
      }),
    );
  }

  /** Returns the texts of blobs, in their order. */
  #textsOf(blobs: readonly string[]): string[] {
    if (blobs.length === 0) return [];
    const output = this.#git(['cat-file', '--batch'], blobs.join('\n'));
    let at = 0;
    return blobs.map(() => {
      const head = output.indexOf('\n', at);
      const size = Number(output.subarray(at, head).toString('utf8').split(' ')[2]);
      at = head + 1 + size + 1;
      return output.subarray(head + 1, head + 1 + size).toString('utf8');
    });
  }

  #git(args: readonly string[], input = ''): Buffer {
    return execFileSync('git', args, { cwd: this.repository, input, maxBuffer: MAX_BYTES });
  }
}
