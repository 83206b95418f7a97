/** The tokens of a Speech-Transformer: the beginning, the end, a token for each language, and characters. */
export class SpeechVocabulary {
  readonly start = 0;
  readonly end = 1;
  readonly #numbers: ReadonlyMap<string, number>;

  /** `languages` as ISO 639 codes. */
  constructor(
    readonly languages: readonly string[],
    readonly characters: readonly string[],
  ) {
    this.#numbers = new Map(characters.map((character, index) => [character, 2 + languages.length + index]));
  }

  /** Builds the vocabulary of texts in some languages. Its order depends on nothing else. */
  static of(utterances: readonly { readonly text: string; readonly language: string }[]): SpeechVocabulary {
    const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
    return new SpeechVocabulary(
      sorted(utterances.map(({ language }) => language)),
      sorted(utterances.flatMap(({ text }) => [...text])),
    );
  }

  get size(): number {
    return 2 + this.languages.length + this.characters.length;
  }

  /** The id of the first character. The ids of languages are below it. */
  get firstCharacter(): number {
    return 2 + this.languages.length;
  }

  /** The id of a language's token, or `undefined` if there is none. */
  language(code: string): number | undefined {
    const index = this.languages.indexOf(code);
    return index < 0 ? undefined : 2 + index;
  }

  /** Encodes a text. Skips characters outside the vocabulary. */
  encode(text: string): readonly number[] {
    return [...text].flatMap((character) => this.#numbers.get(character) ?? []);
  }

  text(tokens: readonly number[]): string {
    return tokens.map((token) => this.characters[token - this.firstCharacter] ?? '').join('');
  }
}
