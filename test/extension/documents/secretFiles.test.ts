import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SECRET_FILES, SecretFiles } from '../../../extension/documents/secretFiles.ts';

describe('secret files', () => {
  const secretFiles = new SecretFiles();

  for (const path of [
    '/home/ada/project/.env',
    '/home/ada/project/.env.production',
    '/home/ada/project/prod.env',
    '/home/ada/.ssh/config',
    '/home/ada/.ssh/id_rsa',
    '/home/ada/project/deploy/id_ed25519.bak',
    '/project/certs/server.pem',
    '/project/certs/server.key',
    '/home/ada/.npmrc',
    '/project/.npmrc',
    '/home/ada/.netrc',
    '/home/ada/.aws/credentials',
    '/home/ada/.aws/config',
    '/home/ada/.docker/config.json',
    '/project/config/credentials.yml',
    '/project/secrets.toml',
    '/project/infra/prod.tfvars',
    '/home/ada/.bash_history',
    '/c:/Users/Ada/Project/.ENV',
    '/project/名前/.env',
    '/Ordner mit Leerzeichen/.env.local',
  ]) {
    it(`has ${path}`, () => assert.equal(secretFiles.has(path), true));
  }

  for (const path of [
    '/project/src/environment.ts',
    '/project/.env.example',
    '/project/src/secrets.ts',
    '/project/src/credentials.py',
    '/project/keys.ts',
    '/project/docker/config.json',
    '/home/ada/project/id_rsa.pub',
    '/project/package.json',
    'Untitled-1',
    '/',
    '',
  ]) {
    it(`does not have ${JSON.stringify(path)}`, () => assert.equal(secretFiles.has(path), false));
  }

  it('takes further patterns, and takes patterns off the list', () => {
    const own = new SecretFiles(['*.internal.ts', '!public.pem']);
    assert.equal(own.has('/project/keys.internal.ts'), true);
    assert.equal(own.has('/project/public.pem'), false);
    assert.equal(own.has('/project/private.pem'), true);
  });
});

describe('the privacy document', () => {
  it('lists every pattern', () => {
    const document = readFileSync(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
    assert.deepEqual(SECRET_FILES.filter((pattern) => !document.includes(`\`${pattern}\``)), []);
  });
});
