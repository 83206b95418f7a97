import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TextStream } from '../../../sidecar/engine/textStream.ts';

/** Pushes byte pieces as tokens 0, 1, 2 … and returns the text after each, and at the end. */
function pushAll(
  pieces: readonly (string | number[])[],
  stop: readonly string[] = [],
): { texts: string[]; tokens: number[]; end: string; stream: TextStream } {
  const stream = new TextStream(stop);
  const texts: string[] = [];
  const tokens: number[] = [];
  pieces.forEach((piece, token) => {
    const given = stream.push(token, typeof piece === 'string' ? Buffer.from(piece) : Uint8Array.from(piece));
    texts.push(given.text);
    tokens.push(...given.tokens);
  });
  const rest = stream.end();
  tokens.push(...rest.tokens);
  return { texts, tokens, end: rest.text, stream };
}

describe('TextStream', () => {
  test('gives a character that is split over tokens with its last one', () => {
    const { texts, tokens } = pushAll(['a', [0xf0, 0x9f], [0x98], [0x80], 'b']);
    assert.deepEqual(texts, ['a', '', '', '😀', 'b']);
    assert.deepEqual(tokens, [0, 1, 2, 3, 4]);
  });

  test('drops an incomplete character at the end, and shows a broken one as U+FFFD', () => {
    assert.equal(pushAll(['a', [0xc3]]).end, '');
    assert.deepEqual(pushAll([[0xc3], 'x']).texts, ['', '\uFFFDx']);
  });

  test('keeps a byte order mark', () => {
    assert.deepEqual(pushAll([[0xef, 0xbb, 0xbf], 'x']).texts, ['\uFEFF', 'x']);
  });

  test('holds back a possible stop text until later tokens rule it out', () => {
    const { texts, end } = pushAll(['one<', '/', 'b>', '<', '/'], ['</a>']);
    assert.deepEqual(texts, ['one', '', '</b>', '', '']);
    assert.equal(end, '</');
  });

  test('ends before a stop text that is split over tokens', () => {
    const { texts, tokens, end, stream } = pushAll(['ab', 'c\n', '\nd', 'e'], ['\n\n']);
    assert.deepEqual(texts, ['ab', 'c', '', '']);
    assert.equal(end, '');
    assert.equal(stream.stopText, '\n\n');
    assert.deepEqual(tokens, [0, 1]);
  });

  test('ends at the earliest of several stop texts', () => {
    const { texts, stream } = pushAll(['x END y STOP'], ['STOP', 'END']);
    assert.deepEqual(texts, ['x ']);
    assert.equal(stream.stopText, 'END');
  });

  test('ignores an empty stop text', () => {
    assert.deepEqual(pushAll(['abc'], ['']).texts, ['abc']);
  });
});
