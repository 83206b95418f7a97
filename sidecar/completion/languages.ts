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
}

const hereDocument = /<<[<~-]?["']?([A-Z_]\w*)/g;
/** Nothing but a here document follows `<<` in a shell, behind a space too. */
const shellHereDocument = /(?<!<)<<-?\s*["'\\]?([A-Z_]\w*)/g;

const brackets: LanguageSyntax = { blocks: 'brackets', lineComment: '//', prose: false };
const characters: LanguageSyntax = { ...brackets, quotedCharacters: true };
const outdents: LanguageSyntax = { ...characters, outdents: true };
/** Code with text between tags. */
const tags: LanguageSyntax = { ...brackets, sentences: true };
const indentation: LanguageSyntax = { blocks: 'indentation', lineComment: '#', prose: false };
const keywords: LanguageSyntax = { blocks: 'keywords', lineComment: '#', prose: false };
const prose: LanguageSyntax = { blocks: 'none', lineComment: undefined, prose: true, loneClosers: true };

const syntaxes: Readonly<Record<string, LanguageSyntax>> = {
  javascript: brackets,
  typescript: brackets,
  dart: brackets,
  groovy: brackets,
  swift: brackets,
  c: outdents,
  cpp: outdents,
  csharp: outdents,
  'cuda-cpp': outdents,
  go: outdents,
  java: characters,
  kotlin: characters,
  'objective-c': outdents,
  rust: characters,
  scala: characters,
  zig: characters,
  javascriptreact: tags,
  typescriptreact: tags,
  astro: tags,
  php: { ...tags, hereDocument },
  svelte: tags,
  vue: tags,
  python: indentation,
  coffeescript: indentation,
  yaml: { ...indentation, blocks: 'none' },
  dockercompose: { ...indentation, blocks: 'none' },
  dockerfile: { ...indentation, blocks: 'none', hereDocument },
  makefile: { ...indentation, blocks: 'none' },
  toml: { ...indentation, blocks: 'none' },
  ini: { blocks: 'none', lineComment: ';', prose: false },
  ruby: { ...keywords, hereDocument },
  elixir: keywords,
  julia: keywords,
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
  'scminput': prose,
};

/** The syntax of a VS Code language id; most languages have braces and `//`, and of those that are not listed that is all that is taken for granted. */
export function languageSyntax(languageId: string): LanguageSyntax {
  return syntaxes[languageId] ?? tags;
}

/** Whether `line` is nothing but a comment. */
export function isCommentLine(line: string, syntax: LanguageSyntax): boolean {
  const trimmed = line.trimStart();
  if (syntax.lineComment !== undefined && trimmed.startsWith(syntax.lineComment)) return true;
  return syntax.blocks === 'brackets' && /^(\/\*|\*)/.test(trimmed);
}
