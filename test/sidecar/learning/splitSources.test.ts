import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, splitSources } from '../../../sidecar/learning/splitSources.ts';

const sources = (count: number): { path: string; text: string }[] =>
  Array.from({ length: count }, (_, index) => ({ path: `src/file${index}.ts`, text: `let x${index};` }));
const pathsOf = (files: readonly { readonly path: string }[]): readonly string[] => files.map(({ path }) => path);

describe('split of sources', () => {
  it('holds out about a tenth of the files, each on one side', () => {
    const { training, heldOut } = splitSources(sources(2_000));
    assert.ok(heldOut.length > 150 && heldOut.length < 250, String(heldOut.length));
    assert.equal(new Set([...pathsOf(training), ...pathsOf(heldOut)]).size, 2_000);
    assert.equal(training.length + heldOut.length, 2_000);
  });

  it('keeps a file on its side when other files come, go or change', () => {
    const before = splitSources(sources(300));
    const after = splitSources(
      sources(500)
        .slice(100)
        .map((file) => ({ ...file, text: `${file.text}y` })),
    );
    const heldOut = new Set(pathsOf(after.heldOut));
    for (const path of pathsOf(before.heldOut).filter((each) => pathsOf(sources(500).slice(100)).includes(each)))
      assert.ok(heldOut.has(path), path);
  });

  it('has a file on each side of two', () => {
    for (let start = 0; start < 50; start++) {
      const { training, heldOut } = splitSources(sources(60).slice(start, start + 2));
      assert.deepEqual([training.length, heldOut.length], [1, 1]);
    }
  });

  it('never trains on a copy of a held-out text', () => {
    const files = sources(200);
    const [copied] = splitSources(files).heldOut;
    const { training } = splitSources([...files, { path: 'copy.ts', text: `${copied?.text}\n` }]);
    assert.ok(!pathsOf(training).includes('copy.ts') || copied === undefined);
    assert.ok(training.every(({ text }) => text.trim() !== copied?.text));
  });

  it('never holds out a file that an expert knows, by its path or under another name', () => {
    const files = sources(200);
    const [first, second] = splitSources(files).heldOut as [
      { path: string; text: string },
      { path: string; text: string },
    ];
    const known = { paths: new Set([first.path]), digests: new Set([digestOf(`${second.text}\n`)]) };
    const { training, heldOut } = splitSources(files, known);
    assert.ok(!pathsOf(heldOut).includes(first.path) && !pathsOf(heldOut).includes(second.path));
    assert.ok(pathsOf(training).includes(first.path) && pathsOf(training).includes(second.path));
    assert.deepEqual(splitSources(files, { paths: new Set(pathsOf(files)), digests: new Set() }).heldOut, []);
  });

  it('of one file or none has nothing to hold out', () => {
    assert.equal(splitSources([]).heldOut.length, 0);
    assert.ok(splitSources(sources(1)).training.length + splitSources(sources(1)).heldOut.length === 1);
  });
});
