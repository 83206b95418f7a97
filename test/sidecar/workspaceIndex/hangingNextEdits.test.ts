import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, it } from 'node:test';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';

const GRAMMARS = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
/** The thread of the index. It hangs at the first parse, which reads the processor time after the time limit did. */
const SCRIPT = `
  import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};
  register();
  let reads = 0;
  process.cpuUsage = () => {
    if (++reads > 1) for (;;);
    return { user: 0, system: 0 };
  };
  await import(${JSON.stringify(import.meta.resolve('../../../sidecar/workspaceIndex/main.ts'))});
`;

it('a hang at next edits is noticed', async () => {
  const lost: string[] = [];
  const thread = new IndexThread((error) => lost.push(String(error)), {
    files: { script: new URL(`data:text/javascript,${encodeURIComponent(SCRIPT)}`), grammarsFolder: GRAMMARS },
    hangLimitMs: 500,
  });
  // The thread does not keep the process alive.
  const awake = setInterval(() => undefined, 1_000);
  after(() => clearInterval(awake));
  after(() => thread.dispose());
  const document = { uri: 'a.ts', path: 'a.ts', languageId: 'typescript', text: 'let sum = 1;\nshow(total);\n' };
  const edit = { uri: 'a.ts', start: 4, end: 7, removed: 'total', inserted: 'sum', timeMs: 0, moment: 0 };
  const asked = thread.ask('nextEdits', { workspace: 'w', request: { edits: [edit], documents: [document] } });
  await assert.rejects(asked, { name: 'IndexError' });
  assert.deepEqual(lost, [
    'IndexError: The thread of the index hung at next edits, which are off in their workspace from now on',
  ]);
});
