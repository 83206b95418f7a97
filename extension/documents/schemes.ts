/**
 * URI schemes of documents that may be sent to the sidecar. This is a list of allowed schemes because extensions invent
 * schemes freely: output channels, terminals, settings, chat inputs and diff sides are documents too.
 */
export const SYNCED_SCHEMES: readonly string[] = [
  'file',
  'untitled',
  'vscode-notebook-cell',
  'vscode-remote',
  'vscode-vfs',
  'vscode-test-web',
  'github',
  'azurerepos',
];

/** The scheme of a notebook's cell. Its path is the notebook's. */
export const NOTEBOOK_CELL_SCHEME = 'vscode-notebook-cell';

/** The `documentSelector` of the language client. */
export const SYNCED_DOCUMENTS: readonly { readonly scheme: string }[] = SYNCED_SCHEMES.map((scheme) => ({ scheme }));
