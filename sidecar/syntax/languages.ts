/** The facts about a language's syntax that completion needs: far fewer than a parser does. */
export interface LanguageSyntax {
  /** How a block opens: by indentation after a colon, by brackets, or by keywords that `end` closes. */
  readonly blocks: 'indentation' | 'brackets' | 'keywords' | 'none';
  readonly lineComment: string | undefined;
  /** Whether texts are prose and not code. */
  readonly prose: boolean;
  /** Sentences may stand between lines of code: in markup, and in unknown languages. */
  readonly sentences?: boolean;
  /** A round bracket may close without an opener: in the pattern of a `case`, or the marker of a list. */
  readonly loneClosers?: boolean;
  /** Single quotes hold one character, and may stand alone in lifetimes and type variables. */
  readonly quotedCharacters?: boolean;
  /** Jump labels and preprocessor directives may stand left of their block. */
  readonly outdents?: boolean;
  /** Matches the start of a here document. The first group is the name that ends it on a later line. */
  readonly hereDocument?: RegExp;
  /** Indentation is syntax: the depth of a statement tells its block. */
  readonly statementsByIndentation?: boolean;
  /** Strings that may have several lines. */
  readonly longStrings?: LongStrings;
}

interface LongStrings {
  /** The quotes, which begin and end a string. */
  readonly quotes: readonly string[];
  /** Whether a backslash escapes the next character. */
  readonly escapes: boolean;
}

/** Behind a value `<<` is a shift. */
const hereDocument = /(?<![\w)\]<]|\b\d+ )<<[~-]?["'`]?([A-Z_]\w*)\b(?!\s*[-+*/%=?])/;
const phpHereDocument = /<<<[ \t]*["']?([A-Za-z_]\w*)/;
/**
 * A space may stand before the name of a here document. In arithmetic `<<` is a shift: behind `((`, and before two
 * closing brackets.
 */
const shellHereDocument = /(?<!<|\(\((?:(?!\)\)).){0,200})<<-?\s*["'\\]?([A-Z_]\w*)\b(?!.*\)\s*\))/;

const backticks: LongStrings = { quotes: ['`'], escapes: true };
const tripled: LongStrings = { quotes: ['"""', "'''"], escapes: true };
const tripledOnce: LongStrings = { quotes: ['"""'], escapes: true };
const tripledRaw: LongStrings = { quotes: ['"""'], escapes: false };

const brackets: LanguageSyntax = { blocks: 'brackets', lineComment: '//', prose: false };
const characters: LanguageSyntax = { ...brackets, quotedCharacters: true };
const outdents: LanguageSyntax = { ...characters, outdents: true };
/** Code with text between tags. */
const tags: LanguageSyntax = { ...brackets, sentences: true };
/** Code with text between tags, where the code is JavaScript. */
const scriptTags: LanguageSyntax = { ...tags, longStrings: backticks };
const indentation: LanguageSyntax = { blocks: 'indentation', lineComment: '#', prose: false };
const keywords: LanguageSyntax = { blocks: 'keywords', lineComment: '#', prose: false };
const prose: LanguageSyntax = { blocks: 'none', lineComment: undefined, prose: true, loneClosers: true };

const syntaxes: Readonly<Record<string, LanguageSyntax>> = {
  javascript: { ...brackets, longStrings: backticks },
  typescript: { ...brackets, longStrings: backticks },
  dart: { ...brackets, longStrings: tripled },
  groovy: { ...brackets, longStrings: tripled },
  swift: { ...brackets, longStrings: tripledOnce },
  c: outdents,
  cpp: outdents,
  csharp: { ...outdents, longStrings: tripledRaw },
  'cuda-cpp': outdents,
  go: { ...outdents, longStrings: { quotes: ['`'], escapes: false } },
  java: { ...characters, longStrings: tripledOnce },
  kotlin: { ...characters, longStrings: tripledRaw },
  'objective-c': outdents,
  rust: characters,
  scala: { ...characters, longStrings: tripledRaw },
  zig: characters,
  javascriptreact: scriptTags,
  typescriptreact: scriptTags,
  astro: scriptTags,
  php: { ...tags, hereDocument: phpHereDocument },
  svelte: scriptTags,
  vue: scriptTags,
  python: { ...indentation, longStrings: tripled, statementsByIndentation: true },
  coffeescript: { ...indentation, longStrings: tripled },
  yaml: { ...indentation, blocks: 'none' },
  dockercompose: { ...indentation, blocks: 'none' },
  dockerfile: { ...indentation, blocks: 'none', hereDocument },
  makefile: { ...indentation, blocks: 'none' },
  toml: { ...indentation, blocks: 'none', longStrings: tripled },
  ini: { blocks: 'none', lineComment: ';', prose: false },
  ruby: { ...keywords, hereDocument },
  elixir: { ...keywords, longStrings: tripled },
  julia: { ...keywords, longStrings: tripledOnce },
  shellscript: { ...keywords, loneClosers: true, hereDocument: shellHereDocument },
  lua: { ...keywords, lineComment: '--' },
  sql: { blocks: 'none', lineComment: '--', prose: false },
  haskell: { blocks: 'none', lineComment: '--', prose: false, quotedCharacters: true },
  perl: { ...brackets, lineComment: '#', hereDocument },
  r: { ...brackets, lineComment: '#' },
  powershell: { ...brackets, lineComment: '#' },
  css: { ...brackets, lineComment: undefined },
  json: { ...brackets, lineComment: undefined },
  html: { blocks: 'none', lineComment: undefined, prose: false },
  xml: { blocks: 'none', lineComment: undefined, prose: false },
  asciidoc: prose,
  markdown: prose,
  mdx: prose,
  plaintext: prose,
  latex: prose,
  tex: prose,
  typst: prose,
  restructuredtext: prose,
  'git-commit': prose,
  scminput: prose,
};

/** Returns the syntax of a VS Code language id. Unlisted languages get braces and `//`, which most languages have. */
export function languageSyntax(languageId: string): LanguageSyntax {
  return Object.hasOwn(syntaxes, languageId) ? (syntaxes[languageId] as LanguageSyntax) : tags;
}

/** Returns whether `line` is only a comment. */
export function isCommentLine(line: string, syntax: LanguageSyntax): boolean {
  const trimmed = line.trimStart();
  if (syntax.lineComment !== undefined && trimmed.startsWith(syntax.lineComment)) return true;
  return syntax.blocks === 'brackets' && /^(\/\*|\*)/.test(trimmed);
}
