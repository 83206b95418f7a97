import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { holdsSecret } from '../../.scripts/bundledModel/secrets.ts';

// Built here, so that no scanner reports this file as a leak.
const filled = (length: number): string => 'a1B2c3D4e5F6g7H8'.repeat(5).slice(0, length);

describe('holdsSecret', () => {
  const secrets: Readonly<Record<string, string>> = {
    'a private key': `-----BEGIN ${'EC '}PRIVATE KEY-----`,
    'an AWS access key': `AKIA${'A1'.repeat(8)}`,
    'a GitHub token': `ghp_${filled(36)}`,
    'an npm token': `npm_${filled(36)}`,
    'a Google key': `AIza${filled(35)}`,
    'a live Stripe key': `sk_live_${filled(24)}`,
    'a web token': `eyJ${filled(20)}.eyJ${filled(20)}.${filled(30)}`,
    'a password in a setting': `{ "password": "${filled(26)}" }`,
  };
  for (const [what, text] of Object.entries(secrets))
    it(`finds ${what}`, () => assert.equal(holdsSecret(`const x = 1;\n${text}\n`), true));

  it('accepts code that only mentions secrets', () => {
    for (const text of [
      'const password = readPassword();',
      'apiKey: process.env.API_KEY',
      'token = "<your token>"',
      'password: "correct horse"',
      'PUBLIC KEY-----',
    ])
      assert.equal(holdsSecret(text), false, text);
  });
});
