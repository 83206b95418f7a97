import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { contextSetName, workspaceKeyOf } from '../../../sidecar/keptContexts/workspaceKey.ts';

describe('the key of a workspace', () => {
  it('tells nothing of where it is', () =>
    assert.match(workspaceKeyOf(['file:///home/ada/secret-project']), /^[0-9a-f]{64}$/));

  it('is one for all ways to write a path', { skip: process.platform === 'win32' }, () => {
    const keys = ['file:///home/ada/caf%C3%A9', 'file:///home/ada/café', 'file:///home/ada/./x/../caf%c3%a9/'].map(
      (uri) => workspaceKeyOf([uri]),
    );
    assert.equal(new Set(keys).size, 1);
  });

  it('is another one for other folders, another order, and folders whose names together read alike', () => {
    const keys = [
      ['vscode-vfs://host/a'],
      ['vscode-vfs://host/a', 'vscode-vfs://host/b'],
      ['vscode-vfs://host/b', 'vscode-vfs://host/a'],
      ['vscode-vfs://host/avscode-vfs://host/b'],
    ].map(workspaceKeyOf);
    assert.equal(new Set(keys).size, keys.length);
  });
});

describe("the name of a workspace's contexts", () => {
  it('is safe as the name of a folder, whatever the key is', () => {
    for (const key of ['', '../../etc', 'a/b', '\0', 'x'.repeat(10_000)])
      assert.match(contextSetName(key), /^[0-9a-f]{64}$/);
  });

  it('is another one for another key', () => assert.notEqual(contextSetName('one'), contextSetName('other')));
});
