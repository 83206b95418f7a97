import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SECRET_FILES, SecretFiles } from '../../../sidecar/privacy/secretFiles.ts';

describe('SecretFiles', () => {
  const secretFiles = new SecretFiles();

  for (const path of [
    '/home/ada/project/.env',
    '/home/ada/project/.env.production',
    '/home/ada/project/.env-prod',
    '/home/ada/project/.env_local',
    '/home/ada/project/prod.env',
    '/project/.envs/.production/.postgres',
    '/project/.envrc.local',
    '/project/.envrc.private',
    '/project/.envrc-prod',
    '/project/.dev.vars.staging',
    '/project/.secrets.toml',
    '/home/ada/.tool/.credentials.json',
    '/home/ada/.terraform.d/credentials.tfrc.json',
    '/project/deploy/service_account-prod.json',
    '/project/deploy/client-secret.json',
    '/project/deploy/kubeconfig.yaml',
    '/project/deploy/credentials.properties',
    '/project/deploy/secret.toml',
    '/project/wp-config-local.php',
    '/home/ada/AppData/Roaming/postgresql/pgpass.conf',
    '/home/ada/.mylogin.cnf',
    '/home/ada/.local/share/fish/fish_history',
    '/home/ada/.sqlite_history',
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
    '/home/ada/.s3cfg',
    '/home/ada/.databrickscfg',
    '/home/ada/.codex/auth.json',
    '/project/shop-firebase-adminsdk-x1y2z-0123456789.json',
    '/project/.git/config',
    '/project/.git/modules/library/config',
    '.git/config',
    // Copies.
    '/project/.env~',
    '/project/prod.env.bak',
    '/project/certs/server.key.bak',
    '/project/certs/server.pem.old',
    '/project/certs/server.key.orig~',
    '/project/certs/SERVER.KEY.BAK',
    '/home/ada/.npmrc.bak',
    '/home/ada/.netrc~',
    '/home/ada/credentials.bak',
    '/home/ada/.kube.old/config',
    '/project/secrets.old.yaml',
    '/project/.env copy',
    '/project/.env copy 2',
    '/project/.env - Copy',
    '/project/.env - Copy (2)',
    '/project/ - Copy.env',
    '/project/.env (copy)',
    '/project/.env (another copy)',
    '/project/.env (3rd copy)',
    '/project/.env 2',
    '/project/.env copy.bak',
    '/project/.env.bak copy',
    '/project/.env copy.local',
    '/project/credentials (1).json',
    '/project/credentials(1).json',
    '/project/credentials (1) copy.json',
    '/project/secrets copy.yaml',
    '/project/secrets - Kopie.yaml',
    '/project/secrets — копия (2).yaml',
    '/project/secretsのコピー.yaml',
    `/project/${'secrets cópia'.normalize('NFD')}.yaml`,
    '/home/ada/auth copy.json',
    '/project/wp-config copy.php',
    '/home/ada/.kube copy/config',
    '/c:/Users/Ada/Project/.ENV',
    '/project/名前/.env',
    '/Ordner mit Leerzeichen/.env.local',
    // Paths that patterns can't be applied to.
    '../outside.ts',
  ]) {
    it(`has ${path}`, () => assert.equal(secretFiles.has(path), true));
  }

  for (const path of [
    '/project/src/environment.ts',
    '/project/.env.example',
    '/project/.env-example',
    '/project/.env_sample',
    '/project/.envrc.example',
    '/project/.envrc.template',
    '/project/.dev.vars.example',
    '/project/wp-config-sample.php',
    '/project/src/envrc.ts',
    '/project/src/secret.ts',
    '/project/src/secrets.ts',
    '/project/src/credentials.py',
    '/project/keys.ts',
    '/project/foo.key.ts',
    '/project/foo.key.bak.ts',
    '/project/src/auth.json.ts',
    '/project/src/auth.ts',
    '/project/src/firebase-adminsdk.ts',
    '/project/src/.envs.ts',
    '/project/git/config',
    '/project/.github/config',
    '/project/README.md~',
    '/project/main.ts.orig',
    '/project/.bak/~/main.ts',
    '/project/photo copy.ts',
    '/project/photo - Copy (2).ts',
    '/project/.env copy.example',
    '/project/secrets copyright.yaml',
    '/project/secrets 2x.yaml',
    '/project/copy/auth.ts',
    '/project/docker/config.json',
    '/home/ada/project/id_rsa.pub',
    '/project/package.json',
    'Untitled-1',
    '/',
    '',
  ]) {
    it(`does not have ${JSON.stringify(path)}`, () => assert.equal(secretFiles.has(path), false));
  }

  it('adds patterns, and removes patterns from the list', () => {
    const own = new SecretFiles(['*.internal.ts', '!public.pem']);
    assert.equal(own.has('/project/keys.internal.ts'), true);
    assert.equal(own.has('/project/public.pem'), false);
    assert.equal(own.has('/project/private.pem'), true);
  });

  it('treats composed and decomposed accents alike', () => {
    for (const [pattern, file] of [
      ['NFC', 'NFD'],
      ['NFD', 'NFC'],
    ] as const) {
      assert.equal(
        new SecretFiles(['contraseñas.txt'.normalize(pattern)]).has(`a/${'contraseñas.txt'.normalize(file)}`),
        true,
        `${pattern} ${file}`,
      );
    }
  });

  it('has a path that would take too many comparisons', () => {
    const many = new SecretFiles(Array<string>(5_000).fill('*aaaaaaaab'));
    assert.equal(many.problem, undefined);
    assert.equal(many.has(`${'aaaaaaaaaaaaaaa/'.repeat(200)}a.ts`), true);
    assert.equal(many.has(`${'aaaaaaaaaaaaaaa/'.repeat(5)}a.ts`), false);
    assert.equal(new SecretFiles().has(`${'aaaaaaaaaaaaaaaaaaaa/'.repeat(30)}a.ts`), false);
  });

  it('reads a name of many copy marks in one pass', () => {
    // If each mark could be read in two ways, this would never end.
    for (const mark of [' copy 1', ' copy (1)', ' (copy)', ' 1', '.bak', '~', ' (1 copy'])
      assert.equal(secretFiles.has(`/project/plan${mark.repeat(100)}x`), false, mark);
    assert.equal(secretFiles.has(`/project/.env${' copy 1 copy (2)'.repeat(20)}`), true);
  });

  it('has every file if there are too many patterns', () => {
    const many = new SecretFiles(Array<string>(20_000).fill('!a.ts'));
    assert.match(many.problem?.message ?? '', /^more than 10000 patterns$/);
    assert.equal(many.has('/project/a.ts'), true);
  });

  it('has a digest that differs if other files are secret', () => {
    const digests = [[], ['*.internal.ts'], ['!*.internal.ts'], ['*.internal.ts', '!public.pem']].map(
      (added) => new SecretFiles(added).digest,
    );
    assert.equal(new Set(digests).size, digests.length);
    assert.equal(new SecretFiles(['*.internal.ts']).digest, digests[1]);
  });

  it('removes a copy from the list with its original, or by its own name', () => {
    const own = new SecretFiles(['!public.pem', '!server.key.bak']);
    assert.equal(own.has('/project/public.pem.bak'), false);
    assert.equal(own.has('/project/server.key.bak'), false);
    assert.equal(own.has('/project/server.key'), true);
  });
});

describe('the privacy document', () => {
  it('lists exactly the patterns, in their order', () => {
    const document = readFileSync(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
    const section = document.split('\n## Secret files\n')[1]?.split('\n## ')[0] ?? '';
    const rows = section.split('\n').filter((line) => line.startsWith('- '));
    const listed = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, pattern]) => pattern));
    assert.deepEqual(listed, SECRET_FILES);
  });
});
