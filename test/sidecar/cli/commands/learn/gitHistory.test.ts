import assert from 'node:assert/strict';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { recentLinesOf } from '../../../../../sidecar/cli/commands/learn/gitHistory.ts';
import type { LineRange } from '../../../../../sidecar/learning/recentLines.ts';
import type { SourceFile } from '../../../../../sidecar/learning/sourceFile.ts';

const hasGit = !(await execa('git', ['--version'], { reject: false })).failed;
const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, line) => `${name} ${line}`);
const never = new AbortController().signal;

describe('recent lines of a git repository', { skip: !hasGit && 'git is not installed' }, () => {
  let root: string;
  const texts = new Map<string, string[]>();
  const git = (...args: readonly string[]) =>
    execa('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], { cwd: root });
  async function write(name: string, lines: string[]): Promise<void> {
    texts.set(name, lines);
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), `${lines.join('\n')}\n`);
  }
  async function commit(): Promise<void> {
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'Change');
  }
  const fileOf = (name: string): SourceFile => ({ path: name, text: `${(texts.get(name) ?? []).join('\n')}\n` });
  const linesIn = (name: string, ranges: readonly LineRange[] = []): readonly string[] =>
    ranges.flatMap(({ start, end }) => (texts.get(name) ?? []).slice(start, end));
  const recentIn = async (name: string, names: readonly string[] = [...texts.keys()]): Promise<readonly string[]> =>
    linesIn(name, (await recentLinesOf(root, names.map(fileOf), never)).get(name));

  before(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'chorus-history-'));
    await git('init', '--quiet');
    await write('shop.ts', numbered('shop', 200));
    await write('src/tax rate.ts', numbered('tax', 100));
    await write('ünder.ts', numbered('under', 100));
    await commit();
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('are none after a single commit', async () => {
    assert.equal((await recentLinesOf(root, [...texts.keys()].map(fileOf), never)).size, 0);
  });

  it('are those of the last commits, also after lines before them were added', async () => {
    await write('shop.ts', (texts.get('shop.ts') ?? []).with(150, 'const price = 1;'));
    await write('src/tax rate.ts', (texts.get('src/tax rate.ts') ?? []).toSpliced(40, 3));
    await commit();
    await write('shop.ts', ['import a;', '+++ b', ...(texts.get('shop.ts') ?? [])]);
    await write('ünder.ts', [...(texts.get('ünder.ts') ?? []), 'the end']);
    await commit();
    assert.deepEqual(await recentIn('shop.ts'), ['import a;', '+++ b', 'const price = 1;']);
    assert.deepEqual(await recentIn('ünder.ts'), ['the end']);
    assert.deepEqual(await recentIn('src/tax rate.ts'), []);
  });

  it('are those that git blames on the last commits, also over a merge', async () => {
    await git('checkout', '--quiet', '-b', 'topic');
    await write('src/tax rate.ts', ['topic', ...(texts.get('src/tax rate.ts') ?? []).with(60, 'merged')]);
    await commit();
    await git('checkout', '--quiet', '-');
    await write('shop.ts', (texts.get('shop.ts') ?? []).toSpliced(20, 5, 'twenty', 'and one'));
    await commit();
    await git('merge', '--quiet', '--no-edit', 'topic');
    for (const name of ['shop.ts', 'src/tax rate.ts']) {
      const { stdout } = await git('blame', '-s', '--root', 'HEAD', '--', name);
      const { stdout: first } = await git('rev-list', '--max-parents=0', '--abbrev-commit', '--abbrev=7', 'HEAD');
      const blamed = stdout
        .split('\n')
        .filter((line) => !line.startsWith(first))
        .map((line) => line.slice(line.indexOf(') ') + 2));
      assert.deepEqual([...(await recentIn(name))].sort(), blamed.sort());
    }
  });

  it('do not come from a change of indentation', async () => {
    const before = await recentIn('ünder.ts');
    await write('ünder.ts', (texts.get('ünder.ts') ?? []).with(3, `    ${texts.get('ünder.ts')?.[3]}`));
    await commit();
    assert.deepEqual(await recentIn('ünder.ts'), before);
  });

  it('are found in a folder of a repository, by paths of the folder', async () => {
    const file = { ...fileOf('src/tax rate.ts'), path: 'tax rate.ts' };
    const recent = await recentLinesOf(path.join(root, 'src'), [file], never);
    assert.deepEqual(linesIn('src/tax rate.ts', recent.get('tax rate.ts')), ['topic', 'merged']);
  });

  it('do not start programs that the repository names', async () => {
    const trace = path.join(root, 'started');
    const program = path.join(root, 'program.sh');
    await writeFile(program, `#!/bin/sh\ntouch '${trace}'\ncat "$1"\n`, { mode: 0o755 });
    for (const [key, value] of [
      ['core.fsmonitor', program],
      ['core.pager', program],
      ['diff.external', program],
      ['diff.code.textconv', program],
      ['gpg.program', program],
      ['log.showSignature', 'true'],
    ] as const)
      await git('config', key, value);
    await writeFile(path.join(root, '.gitattributes'), '*.ts diff=code\n');
    assert.ok((await recentIn('shop.ts')).length > 0);
    assert.equal(existsSync(trace), false);
  });

  it(
    'are found without the text of other files, such as secret ones',
    { skip: process.platform === 'win32' && 'it has no shell scripts' },
    async () => {
      await write('.env', ['TOKEN=12345']);
      await commit();
      const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-git-'));
      const { PATH } = process.env;
      const printed = path.join(folder, 'printed');
      const git = path.join(folder, 'git');
      await writeFile(git, `#!/bin/sh\nPATH='${PATH}'\ngit "$@" | tee -a '${printed}'\n`, { mode: 0o755 });
      process.env['PATH'] = `${folder}${path.delimiter}${PATH}`;
      try {
        assert.ok((await recentIn('shop.ts', ['shop.ts'])).length > 0);
      } finally {
        process.env['PATH'] = PATH;
      }
      assert.match(await readFile(printed, 'utf8'), /const price/);
      assert.doesNotMatch(await readFile(printed, 'utf8'), /TOKEN|merged/);
      await rm(folder, { recursive: true, force: true });
    },
  );

  it('are none without a repository, in an empty one, and without git', async () => {
    const empty = await mkdtemp(path.join(os.tmpdir(), 'chorus-no-history-'));
    const { PATH } = process.env;
    try {
      const file = { path: 'a.ts', text: 'a\n' };
      assert.equal((await recentLinesOf(empty, [file], never)).size, 0);
      await execa('git', ['init', '--quiet'], { cwd: empty });
      assert.equal((await recentLinesOf(empty, [file], never)).size, 0);
      process.env['PATH'] = empty;
      assert.equal((await recentLinesOf(root, [fileOf('shop.ts')], never)).size, 0);
    } finally {
      process.env['PATH'] = PATH;
      await rm(empty, { recursive: true, force: true });
    }
  });

  it('are of no repository that the environment names', async () => {
    process.env['GIT_DIR'] = path.join(root, 'nowhere');
    try {
      assert.ok((await recentIn('shop.ts')).length > 0);
    } finally {
      delete process.env['GIT_DIR'];
    }
  });

  it('are none in a file with more than a megabyte, whose lines may fill the memory', async () => {
    await write('small.ts', ['x'.repeat(500_000)]);
    await write('large.ts', ['x'.repeat(1_500_000)]);
    await commit();
    assert.equal((await recentIn('small.ts')).length, 1);
    assert.deepEqual(await recentIn('large.ts'), []);
  });

  it('reject if the signal aborts', async () => {
    const abort = new AbortController();
    abort.abort();
    await assert.rejects(recentLinesOf(root, [fileOf('shop.ts')], abort.signal), { name: 'AbortError' });
  });
});
