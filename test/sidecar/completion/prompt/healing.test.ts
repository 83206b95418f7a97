import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healPrompt } from '../../../../sidecar/completion/prompt/healing.ts';
import type { Engine } from '../../../../sidecar/engine/engine.ts';
import { ScriptedEngine } from '../scriptedEngine.ts';

/**
 * Heals a prompt whose tokens are the given pieces. `text` of a byte piece is a replacement character, as real
 * tokenizers show half a character.
 */
function heal(pieces: readonly string[], text = pieces.join('')): Promise<{ kept: number; requiredPrefix: string }> {
  const engine: Engine = Object.assign(new ScriptedEngine(), {
    detokenize: async (tokens: readonly number[]) => tokens.map((token) => pieces[token]).join(''),
  });
  return healPrompt(
    engine,
    text,
    pieces.map((_, index) => index),
  ).then(({ tokens, requiredPrefix }) => ({ kept: tokens.length, requiredPrefix }));
}

test('the last token is taken back, such as a line break merged with indentation', async () => {
  assert.deepEqual(await heal(['def', ' f', '():', '\n   ']), { kept: 3, requiredPrefix: '\n   ' });
});

test('a whole word at the cursor is taken back', async () => {
  assert.deepEqual(await heal(['x', ' =', ' get', 'Us', 'e']), { kept: 2, requiredPrefix: ' getUse' });
});

test('of a very long word only a part is taken back', async () => {
  assert.deepEqual(await heal(['aa', 'bb', 'cc', 'dd', 'ee', 'ff']), { kept: 2, requiredPrefix: 'ccddeeff' });
});

test('a whole character split over tokens is taken back', async () => {
  const pieces = ['a', ' ', '\ufffd', '\ufffd'];
  assert.deepEqual(await heal(pieces, 'a \u{1F600}'), { kept: 4, requiredPrefix: '' });
});

test('an empty prompt stays empty', async () => {
  assert.deepEqual(await heal([]), { kept: 0, requiredPrefix: '' });
});
