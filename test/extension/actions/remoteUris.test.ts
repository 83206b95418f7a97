import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gitFileUri, inputBoxRoot, onSideOf } from '../../../extension/actions/git/remoteUris.ts';

const remoteFolder = { scheme: 'vscode-remote', authority: 'ssh-remote+host', path: '/home/me/project' };
const localFolder = { scheme: 'file', authority: '', path: '/home/me/project' };

describe('a file of the other side of a remote window', () => {
  it('has the scheme and authority of the remote folders here', () => {
    assert.deepEqual(onSideOf([remoteFolder], { scheme: 'file', authority: '', path: '/home/me/project/a.ts' }), {
      scheme: 'vscode-remote',
      authority: 'ssh-remote+host',
      path: '/home/me/project/a.ts',
    });
  });
  it('is the same file where nothing is remote', () => {
    assert.deepEqual(onSideOf([localFolder], { scheme: 'file', authority: '', path: '/a.ts' }), {
      scheme: 'file',
      authority: '',
      path: '/a.ts',
    });
  });
});

describe('a file of a commit', () => {
  it('is named as the git extension names it', () => {
    const { scheme, path, query } = gitFileUri({ ...remoteFolder, path: '/home/me/a.ts' }, 'HEAD');
    assert.deepEqual(
      [scheme, path, JSON.parse(query ?? '')],
      ['git', '/home/me/a.ts', { path: '/home/me/a.ts', ref: 'HEAD' }],
    );
  });
  it('on Windows has no slash before the drive', () => {
    assert.deepEqual(JSON.parse(gitFileUri({ ...localFolder, path: '/c:/a.ts' }, '').query ?? ''), {
      path: 'c:/a.ts',
      ref: '',
    });
  });
});

describe('the input box of source control', () => {
  it('names its repository', () => {
    assert.deepEqual(inputBoxRoot(`rootUri=${encodeURIComponent('file:///home/me/gr%C3%B6%C3%9Fe')}`), {
      path: '/home/me/größe',
    });
  });
  it('may name none', () => {
    assert.equal(inputBoxRoot(''), undefined);
    assert.equal(inputBoxRoot('rootUri=nonsense'), undefined);
  });
});
