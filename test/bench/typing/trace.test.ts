import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { typedAfter } from '../recording.ts';
import { chooseBursts } from './bursts.ts';
import { traceOf } from './trace.ts';

const text = Array.from({ length: 40 }, (_, line) =>
  line % 10 === 0 ? '' : `  const value${line} = compute(${line});`,
).join('\n');
const documents = new Map([
  ['a.js', text],
  ['b.js', text],
  ['short.js', 'const a = 1;\n'],
]);

describe('a trace over documents', () => {
  const trace = traceOf(documents, { places: 5, seed: 3 });

  it('types the removed lines again, until every document is restored', () => {
    assert.equal(trace.documents.get('short.js'), 'const a = 1;\n');
    for (const file of ['a.js', 'b.js']) {
      const changes = trace.changes.filter(({ path }) => path === file);
      assert.notEqual(trace.documents.get(file), text);
      assert.equal(changes.at(-1)?.text, text);
    }
  });

  it('equals the result of its edits, with the cursor after each', () => {
    let now = trace.documents.get(trace.changes[0]?.path ?? '') ?? '';
    for (const {
      edit: [[start, end, inserted] = [0, 0, '']],
      text: after,
      cursor,
    } of trace.changes.filter(({ documentId }) => documentId === 0)) {
      now = now.slice(0, start) + inserted + now.slice(end);
      assert.equal(now, after);
      assert.equal(cursor, start + inserted.length);
    }
    assert.match(typedAfter(trace.changes, 0, 20), /^onst value/);
  });

  it('lets the cursor rest at each place before typing', () => {
    assert.equal(trace.rests.length, 2);
    for (const { path, text: resting, cursor, timeMs } of trace.rests) {
      const first = trace.changes.find((change) => change.path === path);
      assert.equal(resting, trace.documents.get(path));
      assert.equal(cursor, first?.edit[0]?.[0]);
      assert.ok(first && timeMs < first.timeMs && timeMs > first.timeMs - 1000);
    }
  });

  it('has a burst for each place, and is the same for the same seed', () => {
    assert.equal(chooseBursts(trace.changes, { wantedMs: Infinity, limit: Infinity, seed: 1 }).length, 2);
    assert.deepEqual(traceOf(documents, { places: 5, seed: 3 }), trace);
    assert.notDeepEqual(traceOf(documents, { places: 5, seed: 4 }).changes, trace.changes);
  });
});
