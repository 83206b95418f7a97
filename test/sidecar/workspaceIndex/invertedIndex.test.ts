import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvertedIndex } from '../../../sidecar/workspaceIndex/invertedIndex.ts';
import { hashOf, identifiersOf, subwordsOf, termCounts } from '../../../sidecar/workspaceIndex/terms.ts';

const words = (...terms: readonly string[]): Map<number, number> => new Map(terms.map((term) => [hashOf(term), 1]));

describe('InvertedIndex', () => {
  it('finds the documents of a term with its counts', () => {
    const index = new InvertedIndex();
    const first = index.add(termCounts('cart cart total'));
    const second = index.add(termCounts('total'));
    assert.deepEqual(index.postings(hashOf('cart')), [[first, 2]]);
    assert.deepEqual(index.postings(hashOf('total')), [
      [first, 1],
      [second, 1],
    ]);
    assert.deepEqual(index.postings(hashOf('absent')), []);
  });

  it('takes little memory for a few documents, and loses no term as it grows', () => {
    const index = new InvertedIndex();
    index.add(words('first'));
    assert.ok(index.sizeBytes <= 16 * 1024, `${index.sizeBytes} bytes`);
    for (let document = 0; document < 10; document++)
      index.add(words(...Array.from({ length: 1_000 }, (_, number) => `term${document * 1_000 + number}`)));
    assert.deepEqual(index.postings(hashOf('first')), [[0, 1]]);
    for (const number of [0, 1_022, 1_023, 1_024, 4_095, 4_096, 9_999])
      assert.deepEqual(index.postings(hashOf(`term${number}`)), [[1 + Math.floor(number / 1_000), 1]]);
  });

  it('forgets removed documents', () => {
    const index = new InvertedIndex();
    const id = index.add(words('cart'));
    index.remove(id);
    index.remove(id);
    assert.equal(index.count, 0);
    assert.deepEqual([...index.scores(words('cart'))], []);
  });

  it('ranks a rare term above a common one, and a short document above a long one', () => {
    const index = new InvertedIndex();
    const rare = index.add(words('common', 'rare'));
    const common = index.add(words('common', 'other'));
    const long = index.add(words('common', 'rare', ...Array.from({ length: 50 }, (_, number) => `filler${number}`)));
    const scores = index.scores(words('common', 'rare'));
    assert.ok((scores.get(rare) ?? 0) > (scores.get(long) ?? 0));
    assert.ok((scores.get(long) ?? 0) > (scores.get(common) ?? 0));
  });

  it('scores a document after a hundred edits like a new one', () => {
    const texts = ['cart total', 'cart price', 'cart', 'total price'];
    const [edited, fresh] = [new InvertedIndex(), new InvertedIndex()];
    for (const text of texts) edited.add(termCounts(text));
    for (let edit = 0; edit < 100; edit++) edited.remove(edited.add(termCounts('cart cart price')));
    for (const text of texts) fresh.add(termCounts(text));
    assert.deepEqual([...edited.scores(words('cart', 'price'))], [...fresh.scores(words('cart', 'price'))]);
    assert.ok(edited.rarity(hashOf('cart')) > 0);
    assert.equal(edited.rarity(hashOf('cart')), fresh.rarity(hashOf('cart')));
  });

  it('agrees with a plain table after sorting and merging', () => {
    const index = new InvertedIndex();
    const table = new Map<number, [number, number][]>();
    const removed = new Set<number>();
    // Ten times the buffer's size, so that segments are merged.
    for (let document = 0; document < 30_000; document++) {
      const counts = new Map(
        Array.from({ length: 100 }, (_, at) => [
          hashOf(`term${(document * 31 + at * at) % 5_000}`),
          1 + ((document + at) % 3),
        ]),
      );
      const id = index.add(counts);
      for (const [hash, count] of counts)
        table.set(hash, [...(hash % 50 === 0 ? (table.get(hash) ?? []) : []), [id, count]]);
      if (document % 7 === 0) {
        index.remove(id);
        removed.add(id);
      }
    }
    const checked = [...table].filter(([hash]) => hash % 50 === 0);
    assert.ok(checked.length > 20);
    for (const [hash, postings] of checked)
      assert.deepEqual(
        index.postings(hash),
        postings.filter(([id]) => !removed.has(id)),
      );
  });
});

describe('terms', () => {
  it('are identifiers and their words', () => {
    assert.deepEqual(identifiersOf('const größe2 = $id + _x'), ['const', 'größe2', '$id', '_x']);
    assert.deepEqual(subwordsOf('parseHTTPHeader'), ['parse', 'http', 'header']);
    assert.deepEqual(subwordsOf('read_next_token'), ['read', 'next', 'token']);
    assert.deepEqual(subwordsOf('cart'), []);
  });
});
