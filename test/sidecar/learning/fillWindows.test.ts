import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillWindows } from '../../../sidecar/learning/fillWindows.ts';

const fileOf = (path: string, count: number): { readonly path: string; readonly text: string } => ({
  path,
  text: Array.from({ length: count }, (_, index) => `${path} ${index};`).join('\n'),
});

describe('windows to fill', () => {
  it('cut whole lines out of a file', () => {
    const file = fileOf('a', 30);
    const [window] = fillWindows([file], 1);
    assert.equal(`${window?.prefix}${window?.middle}${window?.suffix}`, file.text);
    assert.match(window?.prefix ?? '', /\n$/);
    assert.match(window?.suffix ?? '', /^\n/);
    assert.equal(window?.middle.split('\n').length, 12);
  });

  it('come from all files in turn', () => {
    const windows = fillWindows([fileOf('a', 500), fileOf('b', 500)], 4);
    assert.deepEqual(
      windows.map(({ path }) => path),
      ['a', 'b', 'a', 'b'],
    );
  });

  it('of one file do not overlap', () => {
    const starts = fillWindows([fileOf('a', 480)], 100).map(({ prefix }) => prefix.split('\n').length);
    assert.equal(starts.length, 10);
    assert.ok(starts.every((start, index) => index === 0 || start - (starts[index - 1] as number) >= 12));
  });

  it('are the same each time', () => {
    const files = [fileOf('a', 100), fileOf('b', 70)];
    assert.deepEqual(fillWindows(files, 5), fillWindows(files, 5));
  });

  it('leave out files with too few lines, and blank places', () => {
    assert.deepEqual(fillWindows([fileOf('a', 7), { path: 'b', text: '\n'.repeat(30) }], 5), []);
  });

  it('leave out places with lines as long as data', () => {
    assert.deepEqual(fillWindows([{ path: 'a', text: `${'x'.repeat(200)};\n`.repeat(30) }], 5), []);
  });

  it('fit a file that is hardly longer than a window', () => {
    const [window] = fillWindows([fileOf('a', 9)], 1);
    assert.equal(window?.prefix, 'a 0;\n');
    assert.equal(window?.suffix, '');
  });

  it('have line feeds alone, as prompts have', () => {
    const [window] = fillWindows([{ path: 'a', text: 'x;\r\n'.repeat(30) }], 1);
    assert.ok(!`${window?.prefix}${window?.middle}${window?.suffix}`.includes('\r'));
  });
});
