import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Language, Parser } from './treeSitter.ts';

/** Loads tree-sitter and its grammars, each when a file of its language is first read, from a folder of `.wasm` files. */
export class Grammars {
  readonly #languages = new Map<string, Promise<Language>>();
  #parser: Promise<Parser> | undefined;

  constructor(private readonly folder: string) {}

  /** A parser that reads the language of `grammar` ("python"). Throws where its file can't be loaded. */
  async parser(grammar: string): Promise<Parser> {
    this.#parser ??= Parser.init({ locateFile: (file: string) => path.join(this.folder, file) }).then(() => new Parser());
    const parser = await this.#parser;
    parser.setLanguage(await this.#language(grammar));
    return parser;
  }

  /** Loads a grammar before it is needed. */
  async warm(grammar: string): Promise<void> {
    if (!this.#languages.has(grammar)) await this.parser(grammar);
  }

  #language(grammar: string): Promise<Language> {
    let language = this.#languages.get(grammar);
    if (language === undefined) {
      language = readFile(path.join(this.folder, `tree-sitter-${grammar}.wasm`)).then((bytes) => Language.load(bytes));
      this.#languages.set(grammar, language);
    }
    return language;
  }
}
