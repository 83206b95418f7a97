import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { SecretFiles } from '../../../sidecar/privacy/secretFiles.ts';

/** The module is loaded as on Windows, where a path may begin with a drive. */
describe('secret files on Windows', () => {
  let secretFiles: SecretFiles;
  before(async () => {
    Object.defineProperty(process, 'platform', { value: 'win32' });
    secretFiles = new (await import('../../../sidecar/privacy/secretFiles.ts')).SecretFiles();
  });

  for (const path of [
    '/c:/Users/Ada/.env',
    '/C:/Users/Ada/Project/.ENV',
    'c:/Users/Ada/.env',
    'C:\\Users\\Ada\\.ssh\\config',
    '/d:/.env',
    '//c:/x/.env',
    '//server/share/server.pem',
  ]) {
    it(`include ${path}`, () => assert.equal(secretFiles.has(path), true));
  }

  for (const path of [
    '/c:/x/server.key.',
    '/c:/x/server.key ',
    '/c:/x/server.key. .',
    '/c:/x/.npmrc::$DATA',
    '/c:/x/.ssh./known',
    '/c:/x/.ssh /config',
    '/c:/x/.aws::$INDEX_ALLOCATION/x',
    '/c:/x/.npmrc.bak.',
  ]) {
    it(`include ${path}, another spelling of a secret file`, () => assert.equal(secretFiles.has(path), true));
  }

  for (const path of [
    '/c:/Users/Ada/Project/src/environment.ts',
    '/c:/x/main.ts.',
    '/c:/x/main.ts::$DATA',
    '/c:/',
    'Untitled-1',
  ]) {
    it(`do not include ${path}`, () => assert.equal(secretFiles.has(path), false));
  }

  it('include a path that patterns can’t be applied to', () => assert.equal(secretFiles.has('../outside.ts'), true));
});
