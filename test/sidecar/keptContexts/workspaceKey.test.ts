import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { contextSetName, workspaceKeyOf } from '../../../sidecar/keptContexts/workspaceKey.ts';

describe('workspaceKeyOf', () => {
  it('reveals nothing of the path', () =>
    assert.match(workspaceKeyOf(['file:///home/ada/secret-project']), /^[0-9a-f]{64}$/));

  it('is the same for all ways to write a path', { skip: process.platform === 'win32' }, () => {
    const keys = ['file:///home/ada/caf%C3%A9', 'file:///home/ada/café', 'file:///home/ada/./x/../caf%c3%a9/'].map(
      (uri) => workspaceKeyOf([uri]),
    );
    assert.equal(new Set(keys).size, 1);
  });

  it('differs for other folders, another order, and names that are equal when joined', () => {
    const keys = [
      ['vscode-vfs://host/a'],
      ['vscode-vfs://host/a', 'vscode-vfs://host/b'],
      ['vscode-vfs://host/b', 'vscode-vfs://host/a'],
      ['vscode-vfs://host/avscode-vfs://host/b'],
    ].map(workspaceKeyOf);
    assert.equal(new Set(keys).size, keys.length);
  });
});

describe('contextSetName', () => {
  it('is safe as a folder name for every key', () => {
    for (const key of ['', '../../etc', 'a/b', '\0', 'x'.repeat(10_000)])
      assert.match(contextSetName(key), /^[0-9a-f]{64}$/);
  });

  it('differs for another key', () => assert.notEqual(contextSetName('one'), contextSetName('other')));
});
