import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CacheKey, isSameKey, keyOf, TypedThroughCache } from '../../../sidecar/completion/completionCache.ts';
import { languageSyntax } from '../../../sidecar/syntax/languages.ts';
import { cursorAt, requestAt } from './cursorAt.ts';

function at(before: string, after = '', overrides: Partial<CacheKey> = {}): CacheKey {
  return {
    clientKey: 'window',
    uri: 'a.ts',
    settings: '',
    before,
    after,
    syntax: languageSyntax('typescript'),
    ...overrides,
  };
}

function texts(cache: TypedThroughCache, key: CacheKey): readonly string[] | undefined {
  return cache.find(key)?.texts;
}

describe('TypedThroughCache', () => {
  test('returns the rest while the user types a completion', () => {
    const cache = new TypedThroughCache();
    cache.add(at('const a = '), ['foo(bar);']);
    assert.deepEqual(texts(cache, at('const a = ')), ['foo(bar);']);
    assert.deepEqual(texts(cache, at('const a = f')), ['oo(bar);']);
    assert.deepEqual(texts(cache, at('const a = foo(ba')), ['r);']);
  });

  test('returns the completion again when the user goes back', () => {
    const cache = new TypedThroughCache();
    cache.add(at('const a = '), ['foo(bar);']);
    assert.equal(texts(cache, at('const a = fox')), undefined);
    assert.deepEqual(texts(cache, at('const a = fo')), ['o(bar);']);
  });

  test('returns nothing once the whole text or another text is typed', () => {
    const cache = new TypedThroughCache();
    cache.add(at('a = '), ['foo']);
    assert.equal(texts(cache, at('a = foo')), undefined);
    assert.equal(texts(cache, at('a = g')), undefined);
    assert.equal(texts(cache, at('a =')), undefined);
  });

  test('keeps the candidates that match the typed text', () => {
    const cache = new TypedThroughCache();
    cache.add(at('x.'), ['first()', 'find(a)', 'map(b)']);
    assert.deepEqual(texts(cache, at('x.f')), ['irst()', 'ind(a)']);
  });

  test('depends on the text after the cursor too', () => {
    const cache = new TypedThroughCache();
    cache.add(at('a = ', '\nreturn a'), ['foo']);
    assert.equal(texts(cache, at('a = ', '\nreturn b')), undefined);
    assert.equal(texts(cache, at('a = f', '')), undefined);
    assert.equal(texts(cache, at('a = ', '\nreturn ab')), undefined);
  });

  test('recognizes a bracket that the editor closed', () => {
    const cache = new TypedThroughCache();
    cache.add(at('a = ', ';'), ['foo(bar)']);
    assert.deepEqual(cache.find(at('a = foo(', ');')), { texts: ['bar)'], overtypes: [1] });
    assert.equal(cache.find(at('a = fo', ');')), undefined);
  });

  for (const [what, text, typed] of [
    ['of an inner bracket', 'log("…", format(item.name), pad(width,', 'log('],
    ['of a block inside the one that was opened', 'add(() => {\n  if (a) {}\n  go(', 'add(() => {'],
  ] as const) {
    test(`does not take a closer ${what} for the closer that the editor added`, () => {
      const cache = new TypedThroughCache();
      cache.add(at('', '\n'), [text]);
      assert.equal(cache.find(at(typed, `${typed.endsWith('{') ? '})' : ')'}\n`)), undefined);
    });
  }

  test('misses if the document changed further away', () => {
    const cache = new TypedThroughCache();
    const near = `\n${'x = 1;\n'.repeat(300)}`;
    cache.add(at(`function computeSum() {}${near}total = `, `${near}end();`), ['computeSum();']);
    assert.deepEqual(texts(cache, at(`function computeSum() {}${near}total = comp`, `${near}end();`)), ['uteSum();']);
    assert.equal(texts(cache, at(`function calcSum() {}${near}total = `, `${near}end();`)), undefined);
    assert.equal(texts(cache, at(`function computeSum() {}${near}total = `, `${near}fin();`)), undefined);
    assert.deepEqual(cache.find(at(`function computeSum() {}${near}total = computeSum(`, `)${near}end();`)), {
      texts: [');'],
      overtypes: [1],
    });
  });

  test('knows how many units each text replaced when it was made, and which closers the editor added since', () => {
    const cache = new TypedThroughCache();
    cache.add(at('log(', ')'), ['"a", c);'], [1]);
    assert.deepEqual(cache.find(at('log(', ')')), { texts: ['"a", c);'], overtypes: [1] });
    assert.deepEqual(cache.find(at('log("', '")')), { texts: ['a", c);'], overtypes: [2] });
    cache.add(at('foo(', ')'), ['bar(x).y'], [0]);
    assert.deepEqual(cache.find(at('foo(bar(', ')')), { texts: ['x).y'], overtypes: [0] });
  });

  test('remembers for exactly one place that there is no completion', () => {
    const cache = new TypedThroughCache();
    cache.add(at('done;'), []);
    assert.deepEqual(texts(cache, at('done;')), []);
    assert.equal(texts(cache, at('done; ')), undefined);
  });

  test('separates windows, documents and settings', () => {
    const cache = new TypedThroughCache();
    cache.add(at('a = '), ['foo']);
    assert.equal(texts(cache, at('a = ', '', { clientKey: 'other window' })), undefined);
    assert.equal(texts(cache, at('a = ', '', { uri: 'b.ts' })), undefined);
    assert.equal(texts(cache, at('a = ', '', { settings: 'never several lines' })), undefined);
  });

  test('does not take a text that ends like a short document for that document', () => {
    const cache = new TypedThroughCache();
    cache.add(at('a = '), ['foo']);
    assert.equal(texts(cache, at('let a = ')), undefined);
  });

  test('forgets the oldest entries, and a client that left', () => {
    const cache = new TypedThroughCache(2);
    cache.add(at('a'), ['1']);
    cache.add(at('b'), ['2']);
    texts(cache, at('a'));
    cache.add(at('c'), ['3']);
    assert.equal(texts(cache, at('b')), undefined);
    assert.deepEqual(texts(cache, at('a')), ['1']);
    cache.forget('window');
    assert.equal(texts(cache, at('a')), undefined);
  });
});

describe('The key of a completion', () => {
  const key = (overrides: Parameters<typeof requestAt>[1]): CacheKey =>
    keyOf(requestAt('a = ‸', overrides), cursorAt('a = ‸'));

  test('ignores the debounce and reading ahead', () => {
    assert.ok(
      isSameKey(
        key({ settings: { minDebounceMs: 5 }, contextSettings: { readAhead: false } }),
        key({ settings: { minDebounceMs: 50 }, contextSettings: { readAhead: true } }),
      ),
    );
  });

  test('differs with every other setting', () => {
    assert.ok(!isSameKey(key({}), key({ settings: { timeoutMs: 50 } })));
    assert.ok(!isSameKey(key({ contextSettings: { maxTokens: 1 } }), key({ contextSettings: { maxTokens: 2 } })));
  });
});
