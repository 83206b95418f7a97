import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapBack, snapForward, splitsCharacter, wellFormed } from '../../../sidecar/common/unicode.ts';

test('wellFormed replaces lone surrogates, and keeps pairs and the length', () => {
  assert.equal(wellFormed('a\ud83d b\ude00 😀'), 'a\ufffd b\ufffd 😀');
});

test('splitsCharacter finds the middle of a pair and of a CRLF', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((offset) => splitsCharacter('😀\r\n', offset)),
    [false, true, false, true, false],
  );
});

test('snapForward and snapBack move off the middle of a pair', () => {
  assert.equal(snapForward('a😀b', 2), 3);
  assert.equal(snapBack('a😀b', 2), 1);
  assert.equal(snapBack('a😀b', 1), 1);
});
