import type { TestContext } from 'node:test';
import { type Uri, workspace } from './vscode.ts';

/** Delays VS Code's answer about the file at `path` until the returned function is called, or the test ends. */
export function holdStat(test: TestContext, path: string): () => void {
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const stat = workspace.fs.stat.bind(workspace.fs);
  test.mock.method(workspace.fs, 'stat', async (uri: Uri) => {
    if (uri.path === path) await held;
    return stat(uri);
  });
  return goOn;
}
