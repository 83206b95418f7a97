import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it, mock } from 'node:test';
import { IgnoreRules } from '../../../sidecar/privacy/ignoreRules.ts';
import { IgnorePatterns, MAX_PATH_STEPS } from '../../../sidecar/privacy/ignorePatterns.ts';

/** Rules over a table of ignore files: path → text. */
function rules(files: Readonly<Record<string, string>>, ignoreCase = false): IgnoreRules {
  return new IgnoreRules(async (folder, name) => files[folder === '' ? name : `${folder}/${name}`], { ignoreCase });
}

describe('ignore rules', () => {
  const unopposed: readonly Readonly<Record<string, string>>[] = [
    {},
    { '.gitignore': '!*\n', 'src/.gitignore': '!*\n' },
  ];
  for (const path of ['../a.ts', './a.ts', '/a.ts', 'src//a.ts', 'src/../a.ts', 'src/./a.ts', '..', '.']) {
    it(`exclude a path that can't be matched: ${path}`, async () => {
      for (const files of unopposed) assert.equal(await rules(files).ignores(path), true);
    });
  }

  it('do not apply to the root itself, and accept a folder with a slash at its end', async () => {
    const all = rules({ '.gitignore': 'out/\n' });
    assert.equal(await all.ignores(''), false);
    assert.equal(await all.ignoresFolder(''), false);
    assert.equal(await all.ignoresFolder('out/'), true);
    assert.equal(await all.ignoresFolder('src/'), false);
  });

  it('ignore nothing if there is no ignore file', async () => {
    assert.equal(await rules({}).ignores('src/main.ts'), false);
  });

  it('come from .gitignore and .chorusignore, and the latter overrides the former', async () => {
    const both = rules({ '.gitignore': '*.log\n', '.chorusignore': 'private/\n!keep.log\n' });
    assert.equal(await both.ignores('a/b.log'), true);
    assert.equal(await both.ignores('private/plan.ts'), true);
    assert.equal(await both.ignores('keep.log'), false);
    assert.equal(await both.ignores('src/main.ts'), false);
  });

  it('of a deeper folder override those above, in both directions', async () => {
    const nested = rules({
      '.gitignore': '*.gen.ts\n',
      'src/.gitignore': '!kept.gen.ts\n',
      'lib/.gitignore': 'local.ts\n',
    });
    assert.equal(await nested.ignores('src/other.gen.ts'), true);
    assert.equal(await nested.ignores('src/kept.gen.ts'), false);
    assert.equal(await nested.ignores('kept.gen.ts'), true);
    assert.equal(await nested.ignores('lib/deep/local.ts'), true);
    assert.equal(await nested.ignores('local.ts'), false);
  });

  it("can't re-include files below an ignored folder", async () => {
    const below = rules({ '.gitignore': 'build/\n', 'build/.gitignore': '!keep.ts\n' });
    assert.equal(await below.ignores('build/keep.ts'), true);
  });

  it('anchor a pattern with a slash at their own folder', async () => {
    const anchored = rules({ 'packages/a/.gitignore': '/out\n' });
    assert.equal(await anchored.ignores('packages/a/out/x.ts'), true);
    assert.equal(await anchored.ignores('packages/a/src/out/x.ts'), false);
    assert.equal(await anchored.ignores('out/x.ts'), false);
  });

  it('accept folder names with spaces and non-Latin letters', async () => {
    const names = rules({ '.gitignore': 'geheime Pläne/\n秘密.ts\n' });
    assert.equal(await names.ignores('geheime Pläne/a.ts'), true);
    assert.equal(await names.ignores('src/秘密.ts'), true);
  });

  it('also come from .git/info/exclude, which every ignore file overrides', async () => {
    const excluded = rules({
      '.git/info/exclude': 'notes/\n*.local.ts\n/scratch.ts\n',
      'src/.gitignore': '!kept.local.ts\n',
    });
    assert.equal(await excluded.ignores('notes/a.md'), true);
    assert.equal(await excluded.ignores('src/deep/a.local.ts'), true);
    assert.equal(await excluded.ignores('src/kept.local.ts'), false);
    assert.equal(await excluded.ignores('scratch.ts'), true);
    assert.equal(await excluded.ignores('src/scratch.ts'), false);
  });

  it('ignore case only where git does', async () => {
    const files = { '.gitignore': 'Secrets/\n', '.git/info/exclude': 'Plan.md\n' };
    for (const path of ['secrets/a.ts', 'plan.MD']) {
      assert.equal(await rules(files, true).ignores(path), true);
      assert.equal(await rules(files, false).ignores(path), false);
    }
  });

  it('equal those that git applies', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-ignore-'));
    try {
      const git = (...args: readonly string[]): string =>
        spawnSync('git', ['-c', 'core.excludesFile=/dev/null', '-C', folder, ...args], { encoding: 'utf8' }).stdout;
      git('init', '-q');
      const texts: Record<string, string> = {
        '.gitignore': '*.log\n/dist\n!src/kept.log\ndocs/**/draft\n',
        'src/.gitignore': 'kept.log\n!deep/very.log\n!own.txt\n',
        '.git/info/exclude': '*.txt\nkept-by-nobody/\n!b.log\n',
      };
      for (const [name, text] of Object.entries(texts)) {
        await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
        await writeFile(path.join(folder, name), text);
      }
      const own = rules(texts);
      for (const file of [
        'a.log',
        'b.log',
        'dist/x',
        'src/dist/x',
        'src/kept.log',
        'src/deep/very.log',
        'src/own.txt',
        'a.txt',
        'src/other.txt',
        'docs/a/b/draft',
        'kept-by-nobody/a.ts',
      ]) {
        assert.equal(await own.ignores(file), git('check-ignore', '--no-index', file).trim() !== '', file);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('are read again after `forget`, and not before', async () => {
    const files: Record<string, string> = { '.gitignore': 'a.ts\n' };
    let reads = 0;
    const changing = new IgnoreRules(async (_folder, name) => {
      reads++;
      return files[name];
    });
    assert.equal(await changing.ignores('a.ts'), true);
    const readsBefore = reads;
    files['.gitignore'] = 'b.ts\n';
    assert.equal(await changing.ignores('a.ts'), true);
    assert.equal(reads, readsBefore);
    changing.forget();
    assert.equal(await changing.ignores('a.ts'), false);
    assert.equal(await changing.ignores('b.ts'), true);
  });

  it('ignore everything that an unreadable file may affect', async () => {
    const files: Record<string, string> = { '.gitignore': '!kept.ts\n', 'src/deep/.gitignore': '!a.ts\n' };
    const without = (unreadable: string): IgnoreRules =>
      new IgnoreRules(async (folder, name) => {
        const file = folder === '' ? name : `${folder}/${name}`;
        if (file === unreadable) throw new Error('unreadable');
        return files[file];
      });
    const cases: readonly (readonly [unreadable: string, file: string, expected: boolean])[] = [
      ['.chorusignore', 'kept.ts', true],
      ['.chorusignore', 'src/deep/a.ts', true],
      ['src/.gitignore', 'src/b.ts', true],
      ['src/.gitignore', 'src/deep/a.ts', true],
      ['src/.gitignore', 'lib/b.ts', false],
      ['.git/info/exclude', 'lib/b.ts', true],
      // A readable file can still re-include a file, since it overrides the excludes.
      ['.git/info/exclude', 'kept.ts', false],
    ];
    for (const [unreadable, file, expected] of cases)
      assert.equal(await without(unreadable).ignores(file), expected, `${file} without ${unreadable}`);
    assert.equal(await without('src/.gitignore').ignoresFolder('src/deep'), true);
  });

  it('judge a folder once for all its files, and again after `forget`', async () => {
    const files: Record<string, string> = { '.gitignore': '*.log\n' };
    const known = rules(files);
    const verdict = mock.method(IgnorePatterns.prototype, 'verdict');
    try {
      for (let index = 0; index < 100; index++) assert.equal(await known.ignores(`a/b/c/${index}.ts`), false);
      assert.equal(verdict.mock.callCount(), 100 + 3);
    } finally {
      verdict.mock.restore();
    }
    files['a/.gitignore'] = 'b/\n';
    known.forget('a');
    assert.equal(await known.ignores('a/b/c/0.ts'), true);
  });

  it('exclude a path whose many folders each have the maximum number of rules', async () => {
    const told: string[] = [];
    let steps = 0;
    const verdict = mock.method(IgnorePatterns.prototype, 'verdict', function (this: IgnorePatterns, path: string) {
      steps += this.stepsFor(path);
      return undefined;
    });
    try {
      const everywhere = new IgnoreRules(async () => `${'*aaaaaaaab\n'.repeat(5_000)}`, {
        ignoreCase: false,
        onRefused: (file) => told.push(file),
      });
      assert.equal(await everywhere.ignores(`${'aaaaaaaaaaaaaaa/'.repeat(200)}a.ts`), true);
      assert.ok(steps <= 200 * MAX_PATH_STEPS, `${steps}`);
      assert.equal(told.length, 1);
    } finally {
      verdict.mock.restore();
    }
  });

  it('exclude paths above the limits of length and depth', async () => {
    for (const path of [`${'a/'.repeat(300)}b`, 'a'.repeat(5_000)]) assert.equal(await rules({}).ignores(path), true);
  });

  it('exclude everything that a file with too many rules may affect, and report the file', async () => {
    const files: Record<string, string> = { 'src/.gitignore': '!kept.ts\n'.repeat(90_000), '.gitignore': '!b.ts\n' };
    const told: string[] = [];
    const many = new IgnoreRules(async (folder, name) => files[folder === '' ? name : `${folder}/${name}`], {
      onRefused: (file, error) => told.push(`${file}: ${(error as Error).message}`),
    });
    for (const file of ['src/a.ts', 'src/kept.ts', 'src/deep/a.ts']) assert.equal(await many.ignores(file), true, file);
    assert.equal(await many.ignores('lib/a.ts'), false);
    assert.deepEqual(told, ['src/.gitignore: more than 10000 patterns']);
  });
});
