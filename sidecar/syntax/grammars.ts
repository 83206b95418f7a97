import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Language, Parser, Query, type QueryCapture, type Tree } from './treeSitter.ts';

/**
 * The limit in processor time, since other programs may keep the processor busy. Dense code of the largest parsed size
 * takes 40 MiB, and a quarter of a second on a good processor, a second on a slow one. Some short texts that are no
 * code would take minutes, or all memory.
 */
const PARSE_LIMIT_MS = 2_000;
const PAGE_BYTES = 64 * 1024;
const INITIAL_PAGES = (32 * 1024 * 1024) / PAGE_BYTES;
const MAX_PAGES = (256 * 1024 * 1024) / PAGE_BYTES;

/** The parser ran out of memory at a text. This thread can't make another one, so it parses nothing more. */
export class ParserEnded extends Error {
  override readonly name = 'ParserEnded';
  /** The URI of the text's file. */
  uri: string | undefined;
}

/**
 * Loads tree-sitter and its grammars from a folder of `.wasm` files. A grammar is loaded when the first file of its
 * language is read.
 */
export class Grammars {
  readonly #languages = new Map<string, Promise<Language>>();
  readonly #queries = new Map<string, Query>();
  #parser: Promise<Parser> | undefined;
  #hasEnded = false;

  constructor(private readonly folder: string) {}

  /**
   * Parses a text with a grammar ("python"). Resolves with `null` if that takes too long, or if the parser ended
   * before. Rejects if the grammar's file can't be loaded, and with `ParserEnded` if the parser ends at this text.
   */
  async parse(text: string, grammar: string): Promise<Tree | null> {
    // An ended parser can't load a grammar either.
    const loaded = this.#hasEnded ? undefined : await Promise.all([this.#start(), this.#language(grammar)]);
    if (loaded === undefined || this.#hasEnded) return null;
    const [parser, language] = loaded;
    // All languages share one parser, so nothing may be awaited between here and the parse.
    parser.setLanguage(language);
    const endMs = performance.now() + PARSE_LIMIT_MS;
    const before = process.cpuUsage();
    // The time of the whole process, which is at least this thread's.
    const isOver = (): boolean => {
      if (performance.now() <= endMs) return false;
      const { user, system } = process.cpuUsage(before);
      return user + system > PARSE_LIMIT_MS * 1_000;
    };
    try {
      const tree = parser.parse(text, null, { progressCallback: isOver });
      // Otherwise the parser would continue with the abandoned text.
      if (tree === null) parser.reset();
      return tree;
    } catch (cause) {
      this.#hasEnded = true;
      throw new ParserEnded('The parser ended', { cause });
    }
  }

  /**
   * Parses a text and returns the results of `read` for each capture of a query, in the order of the text. `undefined`
   * where `parse` resolves with `null`. Rejects as `parse`.
   */
  async captures<T>(
    text: string,
    { grammar, query }: { readonly grammar: string; readonly query: string },
    read: (capture: QueryCapture) => readonly T[],
  ): Promise<T[] | undefined> {
    const tree = await this.parse(text, grammar);
    if (tree === null) return undefined;
    try {
      let compiled = this.#queries.get(`${grammar} ${query}`);
      if (compiled === undefined)
        this.#queries.set(`${grammar} ${query}`, (compiled = new Query(tree.language, query)));
      return compiled.captures(tree.rootNode).flatMap(read);
    } finally {
      tree.delete();
    }
  }

  /** Loads a grammar before it is needed. */
  async warm(grammar: string): Promise<void> {
    if (!this.#hasEnded) await Promise.all([this.#start(), this.#language(grammar)]);
  }

  #start(): Promise<Parser> {
    return (this.#parser ??= startParser(this.folder));
  }

  #language(grammar: string): Promise<Language> {
    let language = this.#languages.get(grammar);
    if (language === undefined) {
      language = Promise.all([readFile(path.join(this.folder, `tree-sitter-${grammar}.wasm`)), this.#start()]).then(
        ([bytes]) => Language.load(bytes),
      );
      this.#languages.set(grammar, language);
      // A file that can't be read now may be readable later.
      language.catch(() => this.#languages.delete(grammar));
    }
    return language;
  }
}

async function startParser(folder: string): Promise<Parser> {
  // The types of the package do not know the option `wasmMemory`.
  const options = {
    locateFile: (file: string) => path.join(folder, file),
    wasmMemory: new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES }),
  };
  await Parser.init(options);
  return new Parser();
}
