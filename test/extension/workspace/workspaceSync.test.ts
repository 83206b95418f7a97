import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WORKSPACE_CHANGE_NOTIFICATION, type WorkspaceChange } from '../../../sidecar/protocol/client.ts';
import '../documents/support/useFakeVscode.ts';
import { fake, Uri, workspace } from '../documents/support/vscode.ts';

const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');
const { WorkspaceSync } = await import('../../../extension/workspace/workspaceSync.ts');
type Client = Parameters<InstanceType<typeof WorkspaceSync>['attach']>[0];

/** What the sidecar is told after files were deleted. */
async function toldOf(deleted: readonly string[], isTrusted: boolean): Promise<WorkspaceChange[]> {
  fake.open(['/ws'], {});
  workspace.isTrusted = isTrusted;
  const told: WorkspaceChange[] = [];
  const sendNotification = async (method: string, params: WorkspaceChange): Promise<void> => {
    if (method === WORKSPACE_CHANGE_NOTIFICATION) told.push(params);
  };
  const policy = new DocumentPolicy(assert.fail);
  const sync = new WorkspaceSync(policy, assert.fail, (error) => assert.fail(String(error)));
  sync.attach({ sendNotification } as unknown as Client);
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    for (const file of deleted) fake.deleted.fire(Uri.file(file));
    mock.timers.tick(1_000);
    await nextTurn();
  } finally {
    mock.timers.reset();
    sync.dispose();
    policy.dispose();
  }
  return told;
}

describe('a deletion', () => {
  const cases: readonly (readonly [what: string, path: string, isTold: boolean])[] = [
    ['of a file', '/ws/src/a.ts', true],
    ['of a folder with a name like a binary file', '/ws/src/cart.lib', true],
    ['in a folder that is never walked', '/ws/node_modules/left-pad/index.js', false],
    ['in a repository\'s own folder', '/ws/library/.git/index.lock', false],
    ['outside of the workspace', '/other/a.ts', false],
  ];
  for (const [what, path, isTold] of cases) {
    it(`${what} is ${isTold ? 'told' : 'nothing to the sidecar'}`, async () => {
      assert.deepEqual(await toldOf([path], true), isTold ? [{ changed: [], deleted: [`file://${path}`] }] : []);
    });
  }

  it('in a workspace that is not trusted is nothing to the sidecar', async () => {
    assert.deepEqual(await toldOf(['/ws/src/a.ts'], false), []);
  });
});
