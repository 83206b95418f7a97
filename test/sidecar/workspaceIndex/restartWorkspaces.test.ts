import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import { restartWorkspaces } from '../../../sidecar/workspaceIndex/restartWorkspaces.ts';
import { until } from '../front/support/sidecar.ts';
import { FilesInMemory } from './filesInMemory.ts';

/** A thread that ends when it has more than a few files. */
const SCRIPT = `
  import { parentPort } from 'node:worker_threads';
  let count = 0;
  parentPort.on('message', ({ id, method, params }) => {
    if (method === 'put') count += params.files.length;
    if (count > 10) process.exit(1);
    parentPort.postMessage({ id, result: undefined });
  });
`;

// The thread does not keep the process alive.
const awake = setInterval(() => undefined, 1_000);
after(() => clearInterval(awake));

describe('workspaces, one of them too large for an index,', () => {
  let ends = 0;
  const workspaces: ClientWorkspace[] = [];
  const thread = new IndexThread(
    (_, isRepeated) => {
      ends++;
      restartWorkspaces(workspaces, isRepeated);
    },
    { files: { script: new URL(`data:text/javascript,${encodeURIComponent(SCRIPT)}`), grammarsFolder: '' } },
  );
  after(() => thread.dispose());
  const open = (count: number): { readonly workspace: ClientWorkspace; readonly source: FilesInMemory } => {
    const source = new FilesInMemory(
      Object.fromEntries(Array.from({ length: count }, (_, number) => [`f${number}.py`, 'x = 1\n'])),
      2,
    );
    const workspace = new ClientWorkspace({
      key: `w${workspaces.length}`,
      thread,
      source,
      openUris: () => [],
      openText: () => undefined,
      pathOf: (uri) => uri,
    });
    workspaces.push(workspace);
    return { workspace, source };
  };
  const small = open(3).workspace;
  const { workspace: large, source } = open(40);
  const settled = (): Promise<void> =>
    until(async () => {
      for (const workspace of workspaces) await workspace.whenReady();
      return workspaces.every(({ state }) => state.state !== 'reading');
    }, 'all is read');

  it('are read twice, and then without the large one', async () => {
    for (const workspace of workspaces) workspace.start();
    await until(() => large.isGivenUp, 'the large one is given up');
    await settled();
    assert.equal(ends, 2);
    assert.deepEqual(small.state, { state: 'ready', files: 3 });
    assert.deepEqual(large.state, { state: 'off', files: 0 });
  });

  it('are not read again after a change', async () => {
    source.asked.length = 0;
    large.changed({ changed: [{ uri: FilesInMemory.uri('f1.py'), path: 'f1.py' }] });
    await settled();
    assert.deepEqual(source.asked, []);
  });

  it('are read again when different files of the large one may be read', async () => {
    for (const path of Object.keys(source.texts).slice(3)) delete source.texts[path];
    large.changed({ reset: true });
    await settled();
    assert.deepEqual(large.state, { state: 'ready', files: 3 });
    assert.equal(large.isGivenUp, false);
    assert.equal(ends, 2);
  });
});
