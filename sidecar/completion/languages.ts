/** What completion needs to know of a language's syntax: far less than a parser does. */
export interface LanguageSyntax {
  /** How a block opens: by indentation after a colon, by brackets, or by keywords that `end` closes. */
  readonly blocks: 'indentation' | 'brackets' | 'keywords' | 'none';
  readonly lineComment: string | undefined;
  /** Prose: words rather than code. */
  readonly prose: boolean;
}

const brackets: LanguageSyntax = { blocks: 'brackets', lineComment: '//', prose: false };
const indentation: LanguageSyntax = { blocks: 'indentation', lineComment: '#', prose: false };
const keywords: LanguageSyntax = { blocks: 'keywords', lineComment: '#', prose: false };
const prose: LanguageSyntax = { blocks: 'none', lineComment: undefined, prose: true };

const syntaxes: Readonly<Record<string, LanguageSyntax>> = {
  python: indentation,
  coffeescript: indentation,
  yaml: { ...indentation, blocks: 'none' },
  dockercompose: { ...indentation, blocks: 'none' },
  dockerfile: { ...indentation, blocks: 'none' },
  makefile: { ...indentation, blocks: 'none' },
  toml: { ...indentation, blocks: 'none' },
  ini: { blocks: 'none', lineComment: ';', prose: false },
  ruby: keywords,
  elixir: keywords,
  julia: keywords,
  shellscript: keywords,
  lua: { ...keywords, lineComment: '--' },
  sql: { blocks: 'none', lineComment: '--', prose: false },
  haskell: { blocks: 'none', lineComment: '--', prose: false },
  perl: { ...brackets, lineComment: '#' },
  r: { ...brackets, lineComment: '#' },
  powershell: { ...brackets, lineComment: '#' },
  php: brackets,
  css: { ...brackets, lineComment: undefined },
  json: { ...brackets, lineComment: undefined },
  html: { blocks: 'none', lineComment: undefined, prose: false },
  xml: { blocks: 'none', lineComment: undefined, prose: false },
  markdown: prose,
  plaintext: prose,
  latex: prose,
  restructuredtext: prose,
  'git-commit': prose,
  'scminput': prose,
};

/** The syntax of a VS Code language id; most languages have braces and `//`. */
export function languageSyntax(languageId: string): LanguageSyntax {
  return syntaxes[languageId] ?? brackets;
}

/** Whether `line` is nothing but a comment. */
export function isCommentLine(line: string, syntax: LanguageSyntax): boolean {
  const trimmed = line.trimStart();
  if (syntax.lineComment !== undefined && trimmed.startsWith(syntax.lineComment)) return true;
  return syntax.blocks === 'brackets' && /^(\/\*|\*)/.test(trimmed);
}
