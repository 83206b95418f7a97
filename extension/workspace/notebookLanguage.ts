export interface NotebookLanguage {
  /** VS Code's identifier. */
  readonly languageId: string;
  /** The prefix of a line comment. */
  readonly comment: string;
}

interface NotebookMetadata {
  readonly kernelspec?: { readonly language?: unknown };
  readonly language_info?: { readonly name?: unknown };
}

const MAX_NAME_UNITS = 64;

/** Kernels' names of languages that differ from VS Code's identifiers by more than capitals. */
const IDENTIFIERS: ReadonlyMap<string, string> = new Map([
  ['python2', 'python'],
  ['python3', 'python'],
  ['ipython', 'python'],
  ['sage', 'python'],
  ['sagemath', 'python'],
  ['bash', 'shellscript'],
  ['sh', 'shellscript'],
  ['zsh', 'shellscript'],
  ['pwsh', 'powershell'],
  ['c++', 'cpp'],
  ['c++11', 'cpp'],
  ['c++14', 'cpp'],
  ['c++17', 'cpp'],
  ['c++20', 'cpp'],
  ['c++23', 'cpp'],
  ['c#', 'csharp'],
  ['f#', 'fsharp'],
  ['q#', 'qsharp'],
  ['js', 'javascript'],
  ['node', 'javascript'],
  ['ts', 'typescript'],
  ['golang', 'go'],
]);

/** Notebook languages in which a comment does not begin with `#`. */
const COMMENTS: ReadonlyMap<string, string> = new Map([
  ...[
    'javascript',
    'typescript',
    'java',
    'kotlin',
    'scala',
    'groovy',
    'c',
    'cpp',
    'csharp',
    'fsharp',
    'qsharp',
    'go',
    'rust',
    'swift',
    'dart',
    'php',
  ].map((id) => [id, '//'] as const),
  ...['sql', 'haskell', 'lua'].map((id) => [id, '--'] as const),
  ...['matlab', 'prolog'].map((id) => [id, '%'] as const),
  ['clojure', ';'],
]);

/** Returns the language of a Jupyter notebook's code, which is its kernel's. Returns Python if the file names none. */
export function notebookLanguage(metadata: unknown): NotebookLanguage {
  const { kernelspec, language_info: info } = (metadata ?? {}) as NotebookMetadata;
  const name = [kernelspec?.language, info?.name].find(
    (each) => typeof each === 'string' && each !== '' && each.length <= MAX_NAME_UNITS,
  );
  const lowerCase = typeof name === 'string' ? name.toLowerCase() : 'python';
  const languageId = IDENTIFIERS.get(lowerCase) ?? lowerCase;
  return { languageId, comment: COMMENTS.get(languageId) ?? '#' };
}
