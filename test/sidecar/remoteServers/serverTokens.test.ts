import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeMessages,
  decodePieces,
  encodeMessages,
  encodePieces,
  Marks,
  splitAtMarks,
} from '../../../sidecar/remoteServers/serverTokens.ts';

describe('pieces of text as tokens', () => {
  const texts = {
    nothing: '',
    code: 'for (const each of list) {\n\treturn;\r\n}',
    Greek: 'Καλημέρα κόσμε',
    Chinese: '光标周围的代码',
    emoji: 'a👩‍👩‍👧b\u{1F600}',
    controls: '\0\u0001\u007F\uFEFF',
    'a lone surrogate': 'a\uD83Db',
    mixed: 'naïve 木 x',
  };
  for (const [name, text] of Object.entries(texts)) {
    it(`decode to the same text: ${name}`, () => assert.equal(decodePieces(encodePieces(text)), text));
  }

  it('are as many as real tokens of code, or more', () => {
    assert.equal(encodePieces('abcdefg').length, 3);
    assert.equal(encodePieces('代码').length, 2);
    assert.equal(encodePieces('\u{1F600}').length, 1);
  });

  it('survive JSON', () => {
    const tokens = [...encodePieces('zzz\u007f'), Marks.fimMiddle];
    assert.deepEqual(JSON.parse(JSON.stringify(tokens)), tokens);
  });

  it('differ from marks', () => {
    const tokens = [
      ...encodePieces('head'),
      Marks.fimPrefix,
      ...encodePieces('before'),
      Marks.fimSuffix,
      Marks.fimMiddle,
    ];
    assert.deepEqual(splitAtMarks(tokens), [
      { mark: undefined, text: 'head' },
      { mark: Marks.fimPrefix, text: 'before' },
      { mark: Marks.fimSuffix, text: '' },
      { mark: Marks.fimMiddle, text: '' },
    ]);
    assert.throws(() => decodePieces(tokens), RangeError);
  });

  it('hold a conversation and the required start of its answer', () => {
    const messages = [
      { role: 'system', content: 'Be brief. "é"' },
      { role: 'user', content: 'Why?\n' },
    ];
    assert.deepEqual(decodeMessages(splitAtMarks([...encodeMessages(messages), ...encodePieces('```ts\n')])), {
      messages,
      answerStart: '```ts\n',
    });
    assert.equal(decodeMessages(splitAtMarks(encodePieces('plain'))), undefined);
  });
});
