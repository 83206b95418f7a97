import { definitionShapes } from '../syntax/definitionShapes.ts';
import { type Grammars, ParserEnded } from '../syntax/grammars.ts';
import type { Node, Tree } from '../syntax/treeSitter.ts';
import type { SourceDocument } from './suggester.ts';

/** A larger text is not parsed while the user waits. It takes a tenth of a second. */
const MAX_PARSED_UNITS = 256 * 1024;
/**
 * The most text that all trees have together, in UTF-16 units. Dense code of this size takes about 110 MiB of the
 * parser's 256 MiB.
 */
const MAX_UNITS = 512 * 1024;
/** A tree of a short text counts as much as this. It bounds the number of trees. */
const MIN_UNITS = 4 * 1024;

/** Returns the root of a document's tree. */
export type ReadRoot = (document: SourceDocument) => Promise<Node | undefined>;

interface KeptTree {
  readonly workspace: string;
  readonly uri: string;
  readonly text: string;
  readonly tree: Tree;
  /** The requests that read the tree now. */
  readonly readers: Set<object>;
  /** Whether the tree goes with its last reader. */
  isForgotten: boolean;
}

/** The syntax trees of documents, kept while their texts stay the same and the parser's memory allows it. */
export class Trees {
  /** The last read ones last. */
  readonly #trees = new Set<KeptTree>();
  /** The units of the trees, and of texts that are parsed now. */
  #units = 0;

  /** `unparsed`: URIs of documents that are not parsed. Documents whose parse takes too long are added. */
  constructor(
    private readonly grammars: Grammars,
    private readonly unparsed = new Set<string>(),
  ) {}

  /**
   * Runs one request of a workspace. Nodes from `root` stay valid until the request ends. `root` resolves with
   * `undefined` without a grammar, where parsing takes too long, and if the trees of running requests leave no room.
   * It rejects with `ParserEnded` if the parser ends at the document.
   */
  async reading<T>(workspace: string, read: (root: ReadRoot) => Promise<T>): Promise<T> {
    const reader = {};
    try {
      return await read((document) => this.#root(document, workspace, reader));
    } finally {
      for (const kept of this.#trees) {
        kept.readers.delete(reader);
        if (kept.isForgotten) this.#drop(kept);
      }
    }
  }

  /** Frees the trees of a workspace. */
  forget(workspace: string): void {
    for (const kept of this.#trees) {
      if (kept.workspace !== workspace) continue;
      kept.isForgotten = true;
      this.#drop(kept);
    }
  }

  /** Loads the grammars of languages before they are needed. A grammar that can't be loaded fails when it is used. */
  async warm(languageIds: readonly string[]): Promise<void> {
    const grammars = new Set(languageIds.flatMap((languageId) => definitionShapes(languageId)?.grammar ?? []));
    await Promise.allSettled([...grammars].map((grammar) => this.grammars.warm(grammar)));
  }

  async #root({ uri, languageId, text }: SourceDocument, workspace: string, reader: object): Promise<Node | undefined> {
    const known = this.#known(workspace, uri, text);
    if (known !== undefined) {
      known.readers.add(reader);
      return known.tree.rootNode;
    }
    const grammar = definitionShapes(languageId)?.grammar;
    if (grammar === undefined || text.length > MAX_PARSED_UNITS || this.unparsed.has(uri)) return undefined;
    if (!this.#makeRoom(unitsOf(text))) return undefined;
    const tree = await this.#parse(uri, text, grammar);
    if (tree === null) return undefined;
    this.#trees.add({ workspace, uri, text, tree, readers: new Set([reader]), isForgotten: false });
    return tree.rootNode;
  }

  /** Returns the tree of a text, as the last read one. Trees of the document's other texts are dropped. */
  #known(workspace: string, uri: string, text: string): KeptTree | undefined {
    const own = [...this.#trees].filter((kept) => kept.workspace === workspace && kept.uri === uri);
    const known = own.find((kept) => kept.text === text);
    for (const kept of own) if (kept !== known) this.#drop(kept);
    if (known === undefined) return undefined;
    this.#trees.delete(known);
    this.#trees.add(known);
    return known;
  }

  /** Parses a text whose units are counted already. */
  async #parse(uri: string, text: string, grammar: string): Promise<Tree | null> {
    try {
      const tree = await this.grammars.parse(text, grammar);
      if (tree === null) {
        this.#units -= unitsOf(text);
        this.unparsed.add(uri);
      }
      return tree;
    } catch (error) {
      this.#units -= unitsOf(text);
      if (error instanceof ParserEnded) error.uri ??= uri;
      throw error;
    }
  }

  /** Counts the units of another tree, and drops trees that nobody reads for it. Returns whether it fits. */
  #makeRoom(units: number): boolean {
    for (const kept of this.#trees) if (this.#units + units > MAX_UNITS) this.#drop(kept);
    if (this.#units + units > MAX_UNITS) return false;
    this.#units += units;
    return true;
  }

  /** Frees a tree that no request reads. */
  #drop(kept: KeptTree): void {
    if (kept.readers.size > 0) return;
    this.#trees.delete(kept);
    this.#units -= unitsOf(kept.text);
    kept.tree.delete();
  }
}

function unitsOf(text: string): number {
  return Math.max(text.length, MIN_UNITS);
}
