import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it, mock } from 'node:test';
import { IgnorePatterns, IgnorePatternsError, isPlainPath } from '../../../sidecar/privacy/ignorePatterns.ts';
import { SegmentPattern, STAR } from '../../../sidecar/privacy/segmentPattern.ts';
import { Random } from '../../../sidecar/workshop/train/random.ts';

const fold = { ignoreCase: true };
const exact = { ignoreCase: false };

function ignores(pattern: string, file: string, options = exact): boolean {
  return new IgnorePatterns([pattern], options).verdict(file, 'file') === 'ignored';
}

/** How often a name is compared with a segment of a pattern. */
function comparisonsOf(patterns: IgnorePatterns, file: string): number {
  const matches = mock.method(SegmentPattern.prototype, 'matches');
  try {
    patterns.verdict(file, 'file');
    return matches.mock.callCount();
  } finally {
    matches.mock.restore();
  }
}

describe('IgnorePatterns', () => {
  it('let later patterns override earlier ones', () => {
    const patterns = (lines: readonly string[]): IgnorePatterns => new IgnorePatterns(lines, exact);
    assert.equal(patterns(['*.log', '!keep.log']).verdict('keep.log', 'file'), 'kept');
    assert.equal(patterns(['!keep.log', '*.log']).verdict('keep.log', 'file'), 'ignored');
  });

  it('takes at most the pattern’s segments times the path’s names, even with many globstars', () => {
    const globstars = new IgnorePatterns([`${'a/**/'.repeat(14)}b*`], exact);
    const folders = 200;
    const comparisons = comparisonsOf(globstars, `${'a/'.repeat(folders)}c`);
    assert.ok(comparisons > 0 && comparisons <= 15 * (folders + 1), `${comparisons}`);
  });

  it('matches nothing with a class that git does not know, even a name of JavaScript', () => {
    for (const name of ['constructor', 'word']) assert.equal(ignores(`[[:${name}:]]`, 'c'), false);
  });

  it('tries each place of a name for the characters behind a star', () => {
    for (const [pattern, file] of [
      ['*ab', 'aab'],
      ['a*bc', 'abbc'],
      ['*ab*cd', 'aabccd'],
    ] as const)
      assert.equal(ignores(pattern, file), true, pattern);
  });

  it('takes few steps for many stars in one name', () => {
    let steps = 0;
    const counted = (character: string): boolean => (steps++, character === 'a');
    const stars = new SegmentPattern([...Array.from({ length: 20 }, () => [STAR, counted] as const).flat(), 'b']);
    assert.equal(stars.matches('a'.repeat(250)), false);
    assert.ok(steps <= 21 * 250);
    assert.equal(ignores(`${'*a'.repeat(100)}b`, 'a'.repeat(250)), false);
  });

  it('makes no comparison for patterns of other folders and names', () => {
    const others = new IgnorePatterns(
      Array.from({ length: 1_000 }, (_, index) =>
        index % 2 === 0 ? `/folder${index}/**/x` : `**/folder/name${index}.ts`,
      ),
      exact,
    );
    assert.equal(comparisonsOf(others, 'src/folder/main.ts'), 0);
    assert.equal(others.verdict('a/folder/name1.ts', 'file'), 'ignored');
    assert.equal(others.verdict('folder2/a/b/x', 'file'), 'ignored');
  });

  it('counts each member of a class, since a character may be compared with all of them', () => {
    const members = Array.from({ length: 4_000 }, (_, index) => String.fromCharCode(0x4e00 + index)).join('');
    assert.throws(() => new IgnorePatterns(Array<string>(20).fill(`*[${members}]`), exact), IgnorePatternsError);
    assert.doesNotThrow(() => new IgnorePatterns(Array<string>(10).fill(`*[${members}]`), exact));
  });

  it('refuses more or longer patterns than a person writes', () => {
    for (const lines of [
      Array<string>(10_001).fill('a'),
      ['a'.repeat(4_097)],
      Array<string>(100).fill(`*${'a'.repeat(1_000)}`),
    ]) {
      assert.throws(() => new IgnorePatterns(lines, exact), IgnorePatternsError);
    }
    assert.doesNotThrow(() => new IgnorePatterns(Array<string>(10_000).fill('name'), exact));
  });

  it('accepts paths of at most 4,096 units and 256 names', () => {
    assert.equal(isPlainPath('a'.repeat(4_096)), true);
    assert.equal(isPlainPath('a'.repeat(4_097)), false);
    assert.equal(isPlainPath(`${'a/'.repeat(255)}a`), true);
    assert.equal(isPlainPath(`${'a/'.repeat(256)}a`), false);
  });

  it('accepts no path with an empty name, "." or ".."', () => {
    for (const path of ['', '/a', 'a/', 'a//b', '.', './a', 'a/./b', '..', '../a', 'a/../b', 'a/..'])
      assert.equal(isPlainPath(path), false, path);
    for (const path of ['a', '.a', 'a/..b', '...']) assert.equal(isPlainPath(path), true, path);
  });

  it('stops at the first pattern beyond the limit', () => {
    let read = 0;
    const lines = {
      *[Symbol.iterator]() {
        for (; read < 90_000; read++) yield 'a';
      },
    };
    assert.throws(() => new IgnorePatterns(lines as unknown as readonly string[], exact), IgnorePatternsError);
    assert.equal(read, 10_000);
  });

  it('ignores case if asked to, in classes too', () => {
    for (const [pattern, file] of [
      ['Plan.MD', 'plan.md'],
      ['[A-C]x', 'bX'],
      ['[[:upper:]]', 'a'],
      ['ПЛАН', 'план'],
    ] as const) {
      assert.equal(ignores(pattern, file, fold), true, pattern);
      assert.equal(ignores(pattern, file, exact), false, pattern);
    }
  });

  it('ignores a byte order mark, carriage returns and blanks at the end', () => {
    const patterns = IgnorePatterns.ofText('\ufeffa\r\nb  \r\nc\\ \r\n', exact);
    for (const file of ['a', 'b', 'c ']) assert.equal(patterns.verdict(file, 'file'), 'ignored', file);
    assert.equal(patterns.verdict('c', 'file'), undefined);
  });

  it('agrees with git on random patterns', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-patterns-'));
    try {
      const git = (args: readonly string[], input = ''): string =>
        spawnSync('git', ['-c', 'core.excludesFile=/dev/null', '-c', 'core.ignoreCase=false', '-C', folder, ...args], {
          encoding: 'utf8',
          input,
        }).stdout;
      git(['init', '-q']);
      const random = new Random(35);
      const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T;
      const parts = [
        'a',
        'b',
        'ab',
        '*',
        '**',
        '***',
        '?',
        '/',
        '/',
        '/',
        '**/',
        '/**',
        '/**/',
        '[ab]',
        '[!a]',
        '[^b]',
        '[a-c]',
        '[]a]',
        '[a',
        '[[:alpha:]]',
        '[[:nothing:]]',
        '\\a',
        '\\*',
        '\\[',
        '\\',
        '!',
        '#',
        ' ',
        '.',
        '-',
        '[a-',
        '[b-a]',
        '[\\]]',
      ];
      const names = ['a', 'b', 'ab', 'aab', '*', 'a]', '[a', '-', '#', '!', 'a b', '.a', 'c', '\\'];
      const mistaken: string[] = [];
      for (let round = 0; round < 100; round++) {
        const pattern = Array.from({ length: 1 + random.below(5) }, () => pick(parts)).join('');
        const paths = [
          ...new Set(
            Array.from({ length: 40 }, () => Array.from({ length: 1 + random.below(4) }, () => pick(names)).join('/')),
          ),
        ];
        await writeFile(path.join(folder, '.gitignore'), `${pattern}\n`);
        const fields = git(
          ['check-ignore', '--no-index', '--verbose', '--non-matching', '-z', '--stdin'],
          `${paths.join('\0')}\0`,
        ).split('\0');
        const patterns = IgnorePatterns.ofText(`${pattern}\n`, exact);
        for (const [index, file] of paths.entries()) {
          const [matched, asked] = [fields[index * 4 + 2], fields[index * 4 + 3]];
          assert.equal(asked, file, 'git answers in order');
          const expected = matched === '' ? undefined : matched?.startsWith('!') ? 'kept' : 'ignored';
          if (ownVerdict(patterns, file) !== expected)
            mistaken.push(
              `${JSON.stringify(pattern)} of ${JSON.stringify(file)}: ${ownVerdict(patterns, file)}, git: ${expected}`,
            );
        }
      }
      assert.deepEqual(mistaken, []);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** Judges a path as git judges files that do not exist: by the first ignored folder, or by the file itself. */
function ownVerdict(patterns: IgnorePatterns, file: string): ReturnType<IgnorePatterns['verdict']> {
  const names = file.split('/');
  for (let depth = 1; depth < names.length; depth++)
    if (patterns.verdict(names.slice(0, depth).join('/'), 'folder') === 'ignored') return 'ignored';
  return patterns.verdict(file, 'file');
}
