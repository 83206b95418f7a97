import { LRUCache } from 'lru-cache';
import { definitionShapes } from '../syntax/definitionShapes.ts';
import { type Grammars, ParserEnded } from '../syntax/grammars.ts';
import type { Node, Tree } from '../syntax/treeSitter.ts';
import type { SourceDocument } from './suggester.ts';

/** A larger text is not parsed while the user waits. It takes a tenth of a second. */
const MAX_PARSED_UNITS = 256 * 1024;
const MAX_TREES = 24;

/** The syntax trees of documents, kept while their texts stay the same. */
export class Trees {
  readonly #trees = new LRUCache<string, { readonly text: string; readonly tree: Tree | null }>({
    max: MAX_TREES,
    dispose: ({ tree }) => tree?.delete(),
  });

  /** `unparsed`: URIs of documents that are not parsed. Documents whose parse takes too long are added. */
  constructor(
    private readonly grammars: Grammars,
    private readonly unparsed = new Set<string>(),
  ) {}

  /**
   * Returns the root of a document's tree. `undefined` without a grammar, and where parsing takes too long. Rejects
   * with `ParserEnded` if the parser ends at this document.
   */
  async root({ uri, languageId, text }: SourceDocument): Promise<Node | undefined> {
    const known = this.#trees.get(uri);
    if (known?.text === text) return known.tree?.rootNode;
    const grammar = definitionShapes(languageId)?.grammar;
    if (grammar === undefined || text.length > MAX_PARSED_UNITS || this.unparsed.has(uri)) return undefined;
    const tree = await this.grammars.parse(text, grammar).catch((error: unknown) => {
      if (error instanceof ParserEnded) error.uri ??= uri;
      throw error;
    });
    if (tree === null) this.unparsed.add(uri);
    this.#trees.set(uri, { text, tree });
    return tree?.rootNode;
  }
}
