import { ClientWorkspace, type ClientWorkspaceOptions } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import type { FileSource } from '../../../sidecar/workspaceIndex/fileSource.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import { FilesInMemory } from './filesInMemory.ts';

/** The thread of all workspaces of a test file, which must dispose of it. */
export const thread = new IndexThread();

export const CART =
  'def rebate_for(tier: str, total: float) -> float:\n    """What a customer saves."""\n    return total * 0.1\n';
export const MAIL = 'def send_mail(address: str, subject: str) -> None:\n    raise NotImplementedError\n';
export const MAIN = 'from shop.cart import rebate_for\n\nrebate = rebate_for(';

let count = 0;
/** A workspace that has not started, and its log. `open` has the texts of open documents. */
export function workspaceOf(
  source: FileSource,
  open: Record<string, string> = {},
  options: Partial<ClientWorkspaceOptions> = {},
): { workspace: ClientWorkspace; lines: string[] } {
  const lines: string[] = [];
  const workspace = new ClientWorkspace({
    key: `test-${++count}`,
    thread,
    source,
    openUris: () => Object.keys(open),
    openText: (uri) => open[uri],
    pathOf: (uri) => uri.replace('file:///project/', ''),
    log: (line) => lines.push(line),
    ...options,
  });
  return { workspace, lines };
}

/** A workspace whose files are all indexed. */
export async function started(source: FileSource, open: Record<string, string> = {}): Promise<ClientWorkspace> {
  const { workspace } = workspaceOf(source, open);
  workspace.start();
  await workspace.whenReady();
  return workspace;
}

/** The snippets for a prompt of `main.py`. */
export async function snippetsOf(workspace: ClientWorkspace, text = MAIN): Promise<{ paths: string[]; text: string }> {
  const snippets = await workspace.snippets({
    uri: FilesInMemory.uri('main.py'),
    path: 'main.py',
    languageId: 'python',
    text,
    offset: text.length,
    maxSnippetUnits: 3_000,
  });
  return {
    paths: [...new Set(snippets.map(({ path }) => path))],
    text: snippets.map((snippet) => snippet.text).join('\n'),
  };
}
