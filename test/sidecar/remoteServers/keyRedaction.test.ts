import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redactKey } from '../../../sidecar/remoteServers/keyRedaction.ts';

const KEY = 'sk-live-Zm9v+/=&0815';
const redact = redactKey(KEY);

describe('redactKey', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const texts: readonly [name: string, said: string, shown: string][] = [
    ['as it is', `Unknown key ${KEY}.`, 'Unknown key [key].'],
    ['twice', `${KEY}, ${KEY}`, '[key], [key]'],
    ['twice without a gap', `a${KEY}${KEY}b`, 'a[key]b'],
    ['in capitals', `KEY ${KEY.toUpperCase()}`, 'KEY [key]'],
    ['percent-encoded', `/?key=${encodeURIComponent(KEY)}&x`, '/?key=[key]&x'],
    ['as HTML', `<b>${KEY.replace('&', '&amp;')}</b>`, '<b>[key]</b>'],
    ['in hexadecimal digits', `0x${Buffer.from(KEY).toString('hex')}.`, '0x[key].'],
    ['without its end', `Incorrect key sk-live-****.`, 'Incorrect key [key]****.'],
    ['without its beginning', `Incorrect key …+/=&0815.`, 'Incorrect key …[key].'],
    ['behind letters that grow in lower case', `İİİ ${KEY} İ`, 'İİİ [key] İ'],
    ['not at all', 'The model is not loaded.', 'The model is not loaded.'],
    ['by seven characters', 'sk-live', 'sk-live'],
    ['by nothing', '', ''],
  ];
  for (const [name, said, shown] of texts)
    it(`handles a text that repeats the key ${name}`, () => assert.equal(redact(said), shown));

  for (const before of ['', 'u', 'me', 'Bearer ', 'user:', 'longer user:']) {
    it(`removes a key in Base64 behind ${JSON.stringify(before)}`, () => {
      for (const form of ['base64', 'base64url'] as const) {
        const shown = redact(`<${Buffer.from(before + KEY).toString(form)}>`);
        assert.match(shown, /\[key\]/);
        // The text before the key stays, and a few bits at the key's edges.
        assert.ok(shown.length <= base64(before).length + '<[key]>'.length + 4, shown);
      }
    });
  }

  it('keeps the whole text without a key', () => assert.equal(redactKey(undefined)('Bearer x'), 'Bearer x'));
  it('keeps the whole text if the key is too short to be a secret', () => assert.equal(redactKey('abc')('abc'), 'abc'));
  it('removes a short key as a whole', () =>
    assert.equal(redactKey('EMPTY')('Got EMPTY, not EMP.'), 'Got [key], not EMP.'));

  it('takes time in proportion to the text, even for the longest key', (context) => {
    const long = redactKey(
      Array.from({ length: 8_192 }, (_, index) => String.fromCharCode(0x21 + ((index * 7919) % 94))).join(''),
    );
    const has = context.mock.method(Set.prototype, 'has');
    long('x'.repeat(65_536));
    const lookups = has.mock.callCount();
    has.mock.restore();
    assert.ok(lookups >= 65_536 - 8 && lookups <= 4 * 65_536, `${lookups}`);
  });
});
