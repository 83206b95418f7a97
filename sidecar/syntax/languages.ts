/** What completion needs to know of a language's syntax: far less than a parser does. */
export interface LanguageSyntax {
  /** How a block opens: by indentation after a colon, by brackets, or by keywords that `end` closes. */
  readonly blocks: 'indentation' | 'brackets' | 'keywords' | 'none';
  readonly lineComment: string | undefined;
  /** Prose: words rather than code. */
  readonly prose: boolean;
  /** Sentences may stand between lines of code: in markup, and in a language that is not known. */
  readonly sentences?: boolean;
  /** A round bracket may close what nothing opened: the pattern of a `case`, the mark of a list. */
  readonly loneClosers?: boolean;
  /** Single quotes hold one character, and may stand alone: lifetimes, type variables. */
  readonly quotedCharacters?: boolean;
  /** Labels to jump to and directives of a preprocessor may stand left of the block that they are in. */
  readonly outdents?: boolean;
  /** What begins a text that goes on from the next line to one with its name, which is the first group. */
  readonly hereDocument?: RegExp;
  /** Indentation is syntax: a statement's block is told by how deep it lies. */
  readonly statementsByIndentation?: boolean;
  /** Strings that may have several lines. */
  readonly longStrings?: LongStrings;
}

interface LongStrings {
  /** What they begin with, which ends them too. */
  readonly quotes: readonly string[];
  /** A backslash takes its meaning from what follows it. */
  readonly escapes: boolean;
}

/** Behind a value `<<` shifts. */
const hereDocument = /(?<![\w)\]<]|\b\d+ )<<[~-]?["'`]?([A-Z_]\w*)\b(?!\s*[-+*/%=?])/;
const phpHereDocument = /<<<[ \t]*["']?([A-Za-z_]\w*)/;
/**
 * A space may stand before the name of a here document, and in arithmetic `<<` shifts: behind `((`, and before what
 * closes two brackets.
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
/** The same where that is JavaScript. */
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

/**
 * The syntax of a VS Code language id; most languages have braces and `//`, and of those that are not listed that is
 * all that is taken for granted.
 */
export function languageSyntax(languageId: string): LanguageSyntax {
  return Object.hasOwn(syntaxes, languageId) ? (syntaxes[languageId] as LanguageSyntax) : tags;
}

/** Whether `line` is nothing but a comment. */
export function isCommentLine(line: string, syntax: LanguageSyntax): boolean {
  const trimmed = line.trimStart();
  if (syntax.lineComment !== undefined && trimmed.startsWith(syntax.lineComment)) return true;
  return syntax.blocks === 'brackets' && /^(\/\*|\*)/.test(trimmed);
}
