import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PhraseBias } from '../../../sidecar/speech/phraseBias.ts';

const TEXTS = [
  ' get',
  ' git',
  ' user',
  'user',
  ' name',
  ' Name',
  's',
  ' g',
  'et',
  ' use',
  'r',
  ' Get',
  '.',
  ' ',
] as const;
const vocabulary = TEXTS.map((text) => Buffer.from(text));
const token = (text: (typeof TEXTS)[number]): number => TEXTS.indexOf(text);

/** The bonus of each token after a text. */
function gains(
  said: readonly (typeof TEXTS)[number][],
  phrases: readonly string[] = ['get user name'],
): Record<string, number> {
  const logits = new Float32Array(TEXTS.length).fill(-1);
  logits[token('.')] = -Infinity;
  new PhraseBias(phrases, vocabulary).apply(logits, said.map(token));
  return Object.fromEntries(
    TEXTS.flatMap((text, index) => ((logits[index] as number) > -1 ? [[text, (logits[index] as number) + 1]] : [])),
  );
}

describe('PhraseBias', () => {
  it('favours a phrase behind any word, in any case and tokenisation', () => {
    const begin = gains([' user']);
    assert.deepEqual(Object.keys(begin).sort(), [' Get', ' get']);
  });

  it('favours continuations more than beginnings', () => {
    for (const said of [[' get'], [' g', 'et'], ['.', ' Get']] as const) {
      const after = gains(said);
      assert.deepEqual(Object.keys(after).sort(), [' Get', ' get', ' use', ' user'], JSON.stringify(said));
      assert.ok((after[' user'] as number) > (after[' get'] as number));
    }
    assert.deepEqual(Object.keys(gains([' get', ' use'])).sort(), [' Get', ' get', 'r']);
    assert.deepEqual(Object.keys(gains([' get', ' user'])).sort(), [' Get', ' Name', ' get', ' name']);
  });

  it('favours a phrase at the start of a text without a blank', () => {
    assert.ok(gains(['user', ' name'], ['user name here'])[' get'] === undefined);
    assert.deepEqual(Object.keys(gains(['user'], ['user name'])).sort(), [' Name', ' name', ' use', ' user']);
  });

  it('favours nothing behind a phrase or in the middle of words', () => {
    assert.deepEqual(Object.keys(gains([' get', ' user', ' name'])).sort(), [' Get', ' get']);
    assert.deepEqual(Object.keys(gains(['s', 'et'])).sort(), [' Get', ' get']);
  });

  it('changes nothing without phrases, and allows no forbidden token', () => {
    assert.deepEqual(gains([' get'], []), {});
    const logits = new Float32Array(TEXTS.length).fill(-Infinity);
    new PhraseBias(['get user name'], vocabulary).apply(logits, []);
    assert.ok(logits.every((logit) => logit === -Infinity));
  });
});
