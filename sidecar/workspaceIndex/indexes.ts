import { type SelectedFile, selectFiles } from './fileSelection.ts';
import { codeFacts } from '../syntax/codeFacts.ts';
import { type Grammars, ParserEnded } from '../syntax/grammars.ts';
import { breaksSyntax } from '../nextEdits/rewriting/breaksSyntax.ts';
import { suggestNextEdits } from '../nextEdits/suggestNextEdits.ts';
import { Trees } from '../nextEdits/trees.ts';
import type { IndexMethods } from './indexMessages.ts';
import type { ContextQuery } from './snippet.ts';
import { makeSnippets } from './snippets.ts';
import { filesDefining, filesForWords, filesNaming, findSymbols, searchWords } from './wordSearch.ts';
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
  /** Called when next edits are asked for. Returns a function that is called with the number of each step. */
  readonly onNextEdits: () => (step: number) => void;
  /** URIs of documents that are not parsed. Documents whose parse takes too long are added. */
  readonly unparsed: Set<string>;
}

type IndexOf = (workspace: string) => WorkspaceIndex;

/** Answers the messages of the thread with the index of each client. */
export function serveIndexes(grammars: Grammars, { onPut, onNextEdits, unparsed }: ServedIndexesOptions): Handlers {
  const indexes = new Map<string, WorkspaceIndex>();
  const make = (): WorkspaceIndex => new WorkspaceIndex(grammars, unparsed);
  const empty = make();
  const trees = new Trees(grammars, unparsed);
  // A client may disconnect between two requests. Only files create an index, which is freed when the client
  // disconnects.
  const of: IndexOf = (workspace) => indexes.get(workspace) ?? empty;
  return {
    ...fileHandlers(indexes, make, onPut),
    forget({ workspace }) {
      indexes.delete(workspace);
      trees.forget(workspace);
    },
    ...placeHandlers(of),
    ...wordHandlers(of),
    ...nextEditHandlers(of, trees, onNextEdits),
    async codeFacts({ uri, text, languageId }) {
      // Only facts are left out after a text that ended the parser, and not the file.
      const mark = `facts ${uri}`;
      if (unparsed.has(mark)) return undefined;
      try {
        return await codeFacts(text, languageId, grammars);
      } catch (error) {
        if (error instanceof ParserEnded) error.uri = mark;
        throw error;
      }
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

/** Answers the messages that change which files an index has. */
function fileHandlers(
  indexes: Map<string, WorkspaceIndex>,
  make: () => WorkspaceIndex,
  onPut: ServedIndexesOptions['onPut'],
): Pick<Handlers, 'put' | 'remove' | 'retain'> {
  return {
    put({ workspace, files }) {
      const index = indexes.get(workspace) ?? make();
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
  };
}

/** Answers the messages about the context of a place. */
function placeHandlers(of: IndexOf): Pick<Handlers, 'select' | 'giveTexts' | 'rank' | 'texts'> {
  return {
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
  };
}

/** Answers the messages that search for words and for definitions. */
function wordHandlers(of: IndexOf): Pick<Handlers, 'search' | 'symbols' | 'needed'> {
  return {
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
  };
}

/** Answers the messages about next edits. */
function nextEditHandlers(
  of: IndexOf,
  trees: Trees,
  onNextEdits: ServedIndexesOptions['onNextEdits'],
): Pick<Handlers, 'nextEdits' | 'breaksSyntax'> {
  return {
    breaksSyntax({ workspace, document, edit }) {
      const onStep = onNextEdits();
      let step = 0;
      onStep(step++);
      return breaksSyntax(document, edit, { trees, workspace, onStep: () => onStep(step++) });
    },
    nextEdits({ workspace, request }) {
      const index = of(workspace);
      const onStep = onNextEdits();
      let step = 0;
      onStep(step++);
      return suggestNextEdits(request, {
        trees,
        workspace,
        onStep: () => onStep(step++),
        documentsNaming: (name) =>
          filesNaming(index, name).flatMap(({ uri, path, languageId }) => {
            const text = index.textOf(uri);
            return text === undefined ? [] : [{ uri, path, languageId, text }];
          }),
      });
    },
  };
}

async function selected(index: WorkspaceIndex, query: ContextQuery): Promise<SelectedFile[]> {
  return (await selectFiles(index, query)).slice(0, MAX_SELECTED);
}

/** Returns the files whose texts are not in memory. */
function missing(index: WorkspaceIndex, uris: readonly string[]): { missing: readonly string[] } {
  return { missing: uris.filter((uri) => !index.hasText(uri)) };
}
