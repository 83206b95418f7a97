import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const worded = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'wording' })).after;

describe('a replaced word of a comment suggests it in the same paragraph', () => {
  it('in sentences of strings, not in code or in other paragraphs', async () => {
    assert.deepEqual(
      await worded({
        'a.ts': '// Ask for the «age|height, in metres».\nask("Your age");\nconst age = 1;\n\nask("Your age");\n',
      }),
      { 'a.ts': '// Ask for the height, in metres.\nask("Your height");\nconst age = 1;\n\nask("Your age");\n' },
    );
  });

  it('but not for a word of code, or a longer text', async () => {
    assert.deepEqual(await worded({ 'a.ts': '«first|second»("first");\n' }), {});
    assert.deepEqual(await worded({ 'a.ts': '// Ask «for the age|why».\nask("for the age");\n' }), {});
  });
});
