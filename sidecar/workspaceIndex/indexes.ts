import { type SelectedFile, selectFiles } from './fileSelection.ts';
import type { Grammars } from '../syntax/grammars.ts';
import type { IndexMethods } from './indexMessages.ts';
import type { ContextQuery } from './snippet.ts';
import { makeSnippets } from './snippets.ts';
import { filesDefining, filesForWords, findSymbols, searchWords } from './wordSearch.ts';
import { WorkspaceIndex } from './workspaceIndex.ts';

/** The most files that are parsed for a place. */
const MAX_SELECTED = 32;

type Handlers = {
  readonly [Method in keyof IndexMethods]: (
    ...parameters: Parameters<IndexMethods[Method]>
  ) => ReturnType<IndexMethods[Method]> | Promise<ReturnType<IndexMethods[Method]>>;
};

export interface ServedIndexesOptions {
  /** Called before a file is put, with the file's place in the request. */
  readonly onPut: (file: number) => void;
  /** URIs of documents that are not parsed. Documents whose parse takes too long are added. */
  readonly unparsed: Set<string>;
}

/** Answers the messages of the thread with the index of each client. */
export function serveIndexes(grammars: Grammars, { onPut, unparsed }: ServedIndexesOptions): Handlers {
  const indexes = new Map<string, WorkspaceIndex>();
  const empty = new WorkspaceIndex(grammars, unparsed);
  // A client may disconnect between two requests. Only files create an index, which is freed when the client
  // disconnects.
  const of = (workspace: string): WorkspaceIndex => indexes.get(workspace) ?? empty;
  const missing = (index: WorkspaceIndex, uris: readonly string[]): { missing: readonly string[] } => ({
    missing: uris.filter((uri) => !index.hasText(uri)),
  });

  const selected = async (index: WorkspaceIndex, query: ContextQuery): Promise<SelectedFile[]> =>
    (await selectFiles(index, query)).slice(0, MAX_SELECTED);

  return {
    put({ workspace, files }) {
      const index = indexes.get(workspace) ?? new WorkspaceIndex(grammars, unparsed);
      if (files.length > 0) indexes.set(workspace, index);
      for (const [place, file] of files.entries()) {
        onPut(place);
        index.put(file);
      }
    },
    remove: ({ workspace, uris }) => indexes.get(workspace)?.remove(uris),
    retain({ workspace, uris }) {
      const index = indexes.get(workspace);
      const kept = new Set(uris);
      index?.remove([...index.files.values()].map(({ uri }) => uri).filter((uri) => !kept.has(uri)));
    },
    forget({ workspace }) {
      indexes.delete(workspace);
    },
    async select({ workspace, query }) {
      const index = of(workspace);
      return missing(index, [
        ...(await selected(index, query)).map(({ file }) => file.uri),
        ...query.edits.map(({ uri }) => uri).filter((uri) => index.files.get(uri)),
      ]);
    },
    giveTexts({ workspace, files }) {
      for (const file of files) of(workspace).giveText(file);
    },
    async rank({ workspace, query }) {
      const index = of(workspace);
      return makeSnippets(index, query, await selected(index, query));
    },
    async texts({ workspace, query, maxUnits }) {
      const index = of(workspace);
      let rest = maxUnits;
      return (await selected(index, query)).flatMap(({ file: { uri } }) => {
        const text = index.textOf(uri);
        if (text === undefined || text.length > rest) return [];
        rest -= text.length;
        return [{ uri, text }];
      });
    },
    search: ({ workspace, words, limit, openUris }) => searchWords(of(workspace), words, { limit, openUris }),
    symbols: ({ workspace, name, limit }) => findSymbols(of(workspace), name, limit),
    needed({ workspace, words, symbol, openUris }) {
      const index = of(workspace);
      const files = symbol === undefined ? filesForWords(index, words ?? '', openUris) : filesDefining(index, symbol);
      return missing(
        index,
        files.map(({ uri }) => uri),
      );
    },
    statistics({ workspace }) {
      const index = of(workspace);
      return {
        indexes: indexes.size,
        files: index.files.count,
        indexBytes: index.terms.sizeBytes,
        heapBytes: process.memoryUsage().heapUsed,
      };
    },
  };
}
