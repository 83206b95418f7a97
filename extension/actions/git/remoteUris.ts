/** The name of a file on either side of a remote window. */

export interface UriParts {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly query?: string;
}

/** Returns this side's URI of a remote `file:` URI, with the scheme and authority of the remote workspace folders. */
export function onSideOf(folders: readonly UriParts[], reported: UriParts): UriParts {
  const remote = folders.find(({ scheme }) => scheme === 'vscode-remote');
  const { scheme, authority, path } = reported;
  return remote && scheme === 'file'
    ? { scheme: remote.scheme, authority: remote.authority, path }
    : { scheme, authority, path };
}

/** Returns the git extension's URI for a file as it is at `ref`. An empty ref names the index. */
export function gitFileUri(file: UriParts, ref: string): UriParts {
  const path = file.path.replace(/^\/(?=[a-z]:)/i, '');
  return { scheme: 'git', authority: '', path: file.path, query: JSON.stringify({ path, ref }) };
}

/** Returns the repository's root from the query of a source control input box (`vscode-scm:`). */
export function inputBoxRoot(query: string): { readonly path: string } | undefined {
  const root = new URLSearchParams(query).get('rootUri');
  if (root === null || !URL.canParse(root)) return undefined;
  return { path: decodeURIComponent(new URL(root).pathname) };
}
