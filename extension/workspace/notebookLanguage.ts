export interface NotebookLanguage {
  /** VS Code's identifier. */
  readonly languageId: string;
  /** What a comment of a line begins with. */
  readonly comment: string;
}

interface NotebookMetadata {
  readonly kernelspec?: { readonly language?: unknown };
  readonly language_info?: { readonly name?: unknown };
}

const MAX_NAME_UNITS = 64;

/** Kernels' names of languages where they are not VS Code's identifiers in capitals or not. */
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

/** Languages of notebooks in which a comment does not begin with `#`. */
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

/** The language that a Jupyter notebook's file says that its code is in: its kernel's. Python, where it says none. */
export function notebookLanguage(metadata: unknown): NotebookLanguage {
  const { kernelspec, language_info: info } = (metadata ?? {}) as NotebookMetadata;
  const name = [kernelspec?.language, info?.name].find(
    (each) => typeof each === 'string' && each !== '' && each.length <= MAX_NAME_UNITS,
  );
  const lowerCase = typeof name === 'string' ? name.toLowerCase() : 'python';
  const languageId = IDENTIFIERS.get(lowerCase) ?? lowerCase;
  return { languageId, comment: COMMENTS.get(languageId) ?? '#' };
}
