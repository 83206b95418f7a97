import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gitFileUri, inputBoxRoot, onSideOf } from '../../../extension/actions/git/remoteUris.ts';

const remoteFolder = { scheme: 'vscode-remote', authority: 'ssh-remote+host', path: '/home/me/project' };
const localFolder = { scheme: 'file', authority: '', path: '/home/me/project' };

describe('onSideOf', () => {
  it("returns the remote folders' scheme and authority", () => {
    assert.deepEqual(onSideOf([remoteFolder], { scheme: 'file', authority: '', path: '/home/me/project/a.ts' }), {
      scheme: 'vscode-remote',
      authority: 'ssh-remote+host',
      path: '/home/me/project/a.ts',
    });
  });
  it('returns the same file if no folder is remote', () => {
    assert.deepEqual(onSideOf([localFolder], { scheme: 'file', authority: '', path: '/a.ts' }), {
      scheme: 'file',
      authority: '',
      path: '/a.ts',
    });
  });
});

describe('gitFileUri', () => {
  it("uses the git extension's form", () => {
    const { scheme, path, query } = gitFileUri({ ...remoteFolder, path: '/home/me/a.ts' }, 'HEAD');
    assert.deepEqual(
      [scheme, path, JSON.parse(query ?? '')],
      ['git', '/home/me/a.ts', { path: '/home/me/a.ts', ref: 'HEAD' }],
    );
  });
  it('has no slash before the drive on Windows', () => {
    assert.deepEqual(JSON.parse(gitFileUri({ ...localFolder, path: '/c:/a.ts' }, '').query ?? ''), {
      path: 'c:/a.ts',
      ref: '',
    });
  });
});

describe('inputBoxRoot', () => {
  it('returns the repository', () => {
    assert.deepEqual(inputBoxRoot(`rootUri=${encodeURIComponent('file:///home/me/gr%C3%B6%C3%9Fe')}`), {
      path: '/home/me/größe',
    });
  });
  it('returns undefined if the query names none', () => {
    assert.equal(inputBoxRoot(''), undefined);
    assert.equal(inputBoxRoot('rootUri=nonsense'), undefined);
  });
});
