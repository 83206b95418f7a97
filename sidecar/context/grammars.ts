import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Language, Parser, type Tree } from './treeSitter.ts';

/** Loads tree-sitter and its grammars, each when a file of its language is first read, from a folder of `.wasm` files. */
export class Grammars {
  readonly #languages = new Map<string, Promise<Language>>();
  #parser: Promise<Parser> | undefined;

  constructor(private readonly folder: string) {}

  /** Parses a text of the language of `grammar` ("python"). Throws where its file can't be loaded. */
  async parse(text: string, grammar: string): Promise<Tree | null> {
    const [parser, language] = await Promise.all([this.#start(), this.#language(grammar)]);
    // Of one parser for all languages: nothing may come in between.
    parser.setLanguage(language);
    return parser.parse(text);
  }

  /** Loads a grammar before it is needed. */
  async warm(grammar: string): Promise<void> {
    await Promise.all([this.#start(), this.#language(grammar)]);
  }

  #start(): Promise<Parser> {
    return (this.#parser ??= Parser.init({ locateFile: (file: string) => path.join(this.folder, file) }).then(() => new Parser()));
  }

  #language(grammar: string): Promise<Language> {
    let language = this.#languages.get(grammar);
    if (language === undefined) {
      language = Promise.all([readFile(path.join(this.folder, `tree-sitter-${grammar}.wasm`)), this.#start()]).then(([bytes]) => Language.load(bytes));
      this.#languages.set(grammar, language);
    }
    return language;
  }
}
