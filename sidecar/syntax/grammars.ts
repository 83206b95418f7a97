import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Language, Parser, Query, type QueryCapture, type Tree } from './treeSitter.ts';

/**
 * Dense code of the largest size that is parsed takes a quarter of a second of a good processor, four times that of a
 * slow one, and 40 MiB. Some texts that are no code take minutes, or all the memory that there is, however short they
 * are. Others may keep the processor busy, so that its time counts alone.
 */
const PARSE_LIMIT_MS = 2_000;
const PAGE_BYTES = 64 * 1024;
const INITIAL_PAGES = (32 * 1024 * 1024) / PAGE_BYTES;
const MAX_PAGES = (256 * 1024 * 1024) / PAGE_BYTES;

/** The parser ended at a text. Another can't be made in this thread: nothing more is parsed in it. */
export class ParserEnded extends Error {
  override readonly name = 'ParserEnded';
  /** The file of the text. */
  uri: string | undefined;
}

/**
 * Loads tree-sitter and its grammars, each when a file of its language is first read, from a folder of `.wasm` files.
 */
export class Grammars {
  readonly #languages = new Map<string, Promise<Language>>();
  readonly #queries = new Map<string, Query>();
  #parser: Promise<Parser> | undefined;
  #hasEnded = false;

  constructor(private readonly folder: string) {}

  /**
   * Parses a text of the language of `grammar` ("python"). `null` where that takes too long, or where the parser ended
   * before. Throws where the grammar's file can't be loaded, and `ParserEnded` where the parser ends at this text.
   */
  async parse(text: string, grammar: string): Promise<Tree | null> {
    // Nor can a grammar be loaded then.
    const loaded = this.#hasEnded ? undefined : await Promise.all([this.#start(), this.#language(grammar)]);
    if (loaded === undefined || this.#hasEnded) return null;
    const [parser, language] = loaded;
    // Of one parser for all languages: nothing may come in between.
    parser.setLanguage(language);
    const endMs = performance.now() + PARSE_LIMIT_MS;
    const before = process.cpuUsage();
    // Of the whole process, which takes no less than this thread.
    const isOver = (): boolean => {
      if (performance.now() <= endMs) return false;
      const { user, system } = process.cpuUsage(before);
      return user + system > PARSE_LIMIT_MS * 1_000;
    };
    try {
      const tree = parser.parse(text, null, { progressCallback: isOver });
      // It would go on with this text where it was given up.
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
    await Promise.all([this.#start(), this.#language(grammar)]);
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
      // What could not be read once may be there the next time.
      language.catch(() => this.#languages.delete(grammar));
    }
    return language;
  }
}

async function startParser(folder: string): Promise<Parser> {
  // Its types know of no memory.
  const options = {
    locateFile: (file: string) => path.join(folder, file),
    wasmMemory: new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES }),
  };
  await Parser.init(options);
  return new Parser();
}
