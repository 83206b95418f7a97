import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, mock } from 'node:test';
import { fileURLToPath } from 'node:url';
import { JsonLimitError, MAX_JSON_DEPTH, MAX_JSON_VALUES, parseJson } from '../../../sidecar/common/parseJson.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The error, and how often `JSON.parse` was called. */
function refused(text: string): { readonly error: unknown; readonly parses: number } {
  const parse = mock.method(JSON, 'parse');
  try {
    parseJson(text);
    return { error: undefined, parses: parse.mock.callCount() };
  } catch (error) {
    return { error, parses: parse.mock.callCount() };
  } finally {
    parse.mock.restore();
  }
}

describe('parseJson', () => {
  for (const [name, text] of [
    ['30 million nested brackets', '['.repeat(30_000_000)],
    ['nested objects', '{"a":'.repeat(1_000)],
    ['one level too many', `${'['.repeat(MAX_JSON_DEPTH + 1)}${']'.repeat(MAX_JSON_DEPTH + 1)}`],
    ['brackets after a string that ends in a backslash', `["\\\\",${'['.repeat(MAX_JSON_DEPTH)}`],
    ['20 million values', `[${'[],'.repeat(10_000_000)}0]`],
    ['too many numbers', `[${'1,'.repeat(MAX_JSON_VALUES)}1]`],
  ] as const) {
    it(`refuses before it parses: ${name}`, () => {
      const { error, parses } = refused(text);
      assert.ok(error instanceof JsonLimitError);
      assert.match(error.message, /^JSON of more than \d+ (?:levels|values)$/);
      assert.equal(parses, 0);
    });
  }

  it('parses up to the limits, and does not count brackets in strings', () => {
    const deep = `${'['.repeat(MAX_JSON_DEPTH)}${']'.repeat(MAX_JSON_DEPTH)}`;
    assert.equal(JSON.stringify(parseJson(deep)), deep);
    for (const value of ['['.repeat(1_000), `"\\${'{'.repeat(1_000)}`, ','.repeat(10), '\\', ''])
      assert.deepEqual(parseJson(JSON.stringify({ value })), { value });
    assert.equal((parseJson(JSON.stringify(Array<string>(100_000).fill('"[,'))) as unknown[]).length, 100_000);
  });

  it('fails as `JSON.parse` for a text that is not JSON, wherever it breaks off', () => {
    for (const text of ['', '{', '"', '"\\', '"\\"', '[1,', ']', '}}', 'x']) {
      const { error } = refused(text);
      assert.ok(error instanceof SyntaxError && !(error instanceof JsonLimitError), text);
    }
  });

  it('is the only caller of `JSON.parse`', () => {
    const files = ['extension', 'sidecar', 'media', 'l10n'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.join(folder, file),
      ),
    );
    const sources = files.filter((file) => file.endsWith('.ts'));
    assert.ok(sources.length > 500);
    assert.deepEqual(
      sources.filter((file) => readFileSync(path.join(root, file), 'utf8').includes('JSON.parse(')),
      [path.join('sidecar', 'common', 'parseJson.ts')],
    );
  });
});
