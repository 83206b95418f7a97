import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { fetchModel } from '../../../../.scripts/fetchModel.ts';
import { OutputStart } from '../../../../sidecar/models/decoding/outputStart.ts';
import { TokenIndex } from '../../../../sidecar/models/decoding/tokenIndex.ts';
import { readVocabulary, type Vocabulary } from '../../../../sidecar/models/gguf/vocabulary.ts';
import { allowedTokens } from '../../../reference/healing.ts';

describe('OutputStart', () => {
  let vocabulary: Vocabulary;
  let index: TokenIndex;
  let all: { token: number; bytes: Buffer }[];
  before(async () => {
    vocabulary = (await readVocabulary(await fetchModel()))!;
    index = new TokenIndex(vocabulary);
    all = Array.from({ length: vocabulary.size }, (_, token) => ({
      token,
      bytes: vocabulary.tokenBytes(token),
    })).filter(({ token }) => vocabulary.isText(token));
  });

  test('has a vocabulary that spells every byte, and no two text tokens alike', () => {
    const spelt = new Set(all.map(({ bytes }) => bytes.toString('latin1')));
    assert.equal(spelt.size, all.length);
    for (let byte = 0x20; byte < 0x7f; byte++) assert.ok(spelt.has(String.fromCharCode(byte)), `byte ${byte}`);
  });

  for (const required of [
    ' ',
    '\n    ',
    '\n\n\t',
    'retur',
    ' functio',
    'é',
    '😀',
    '日本語',
    'x = "',
    '\r\n',
    '        return',
  ]) {
    test(`allows for ${JSON.stringify(required)} exactly the tokens that the slow reference allows`, () => {
      const bytes = Buffer.from(required);
      for (let start = 0; start < bytes.length; start++) {
        const rest = bytes.subarray(start);
        assert.deepEqual(
          [...index.compatibleWith(rest)].sort((a, b) => a - b),
          allowedTokens(rest, all),
        );
      }
    });
  }

  test('constrains only until the required text is consumed', () => {
    const healing = new OutputStart(index, { requiredPrefix: 'ab' });
    const a = all.find(({ bytes }) => bytes.toString() === 'a')!.token;
    const bc = all.find(({ bytes }) => bytes.toString() === 'bc')!.token;
    assert.ok(healing.allowed?.has(a));
    healing.accept(a);
    assert.ok(healing.allowed?.has(bc));
    assert.equal(healing.allowed?.has(a), false);
    healing.accept(bc);
    assert.equal(healing.allowed, undefined);
  });

  test('never allows a special token, whatever its text', () => {
    const healing = new OutputStart(index, { requiredPrefix: '<|im_end|>' });
    for (const token of healing.allowed ?? []) assert.equal(vocabulary.isControl(token), false);
  });

  describe('indentation', () => {
    const tokenOf = (text: string): number => all.find(({ bytes }) => bytes.toString() === text)!.token;
    const allows = (start: OutputStart, text: string): boolean => start.allowed?.has(tokenOf(text)) === true;

    test('allows text only after one of the indentations', () => {
      const start = new OutputStart(index, { indentations: ['  ', '    '] });
      const allowed = new Set(
        all
          .filter(({ bytes }) => {
            const text = bytes.toString('latin1');
            const whiteSpace = /^[ \t]*/.exec(text)![0];
            const next = text[whiteSpace.length];
            return next === undefined
              ? '    '.startsWith(whiteSpace)
              : !'\n\r'.includes(next) && [2, 4].includes(whiteSpace.length) && !whiteSpace.includes('\t');
          })
          .map(({ token }) => token),
      );
      assert.deepEqual(start.allowed, allowed);
    });

    test('is built step by step, and constrains only until the first text', () => {
      const start = new OutputStart(index, { indentations: ['    '] });
      assert.equal(allows(start, 'a'), false);
      assert.equal(allows(start, '\n'), false);
      start.accept(tokenOf('  '));
      assert.equal(allows(start, 'a'), false);
      start.accept(tokenOf('  '));
      assert.equal(allows(start, ' '), false);
      assert.equal(allows(start, '\n'), false);
      start.accept(tokenOf('a'));
      assert.equal(start.allowed, undefined);
    });

    test('applies to tokens that extend beyond the required prefix', () => {
      const start = new OutputStart(index, { requiredPrefix: '\n', indentations: ['  '] });
      assert.equal(allows(start, '\n'), true);
      assert.equal(allows(start, '\n\n'), false);
      start.accept(tokenOf('\n'));
      assert.equal(allows(start, 'a'), false);
      assert.equal(allows(start, ' a'), false);
      assert.equal(allows(start, '  '), true);
    });
  });

  test("detects that a vocabulary can't spell a text", () => {
    const tiny = new TokenIndex({ size: 1, isText: () => true, tokenBytes: () => Buffer.from('a') });
    assert.equal(new OutputStart(tiny, { requiredPrefix: 'b' }).allowed?.size, 0);
  });
});
