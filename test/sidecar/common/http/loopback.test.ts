import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isThisMachine, reachesThisMachine } from '../../../../sidecar/common/http/loopback.ts';

describe('isThisMachine', () => {
  for (const { url, expected } of [
    { url: 'http://localhost:8080/v1', expected: true },
    { url: 'http://127.0.0.1/', expected: true },
    { url: 'http://127.1/', expected: true },
    { url: 'http://[::1]:9000/', expected: true },
    { url: 'http://localhost.example.com/', expected: false },
    { url: 'http://127.0.0.1.example.com/', expected: false },
    { url: 'http://10.0.0.1/', expected: false },
    { url: 'http://[fe80::1]/', expected: false },
  ]) {
    it(`${url}: ${expected ? 'yes' : 'no'}`, () => assert.equal(isThisMachine(new URL(url).hostname), expected));
  }
});

describe('reachesThisMachine', () => {
  const hosts: readonly [host: string, expected: boolean][] = [
    ...[
      '0.0.0.0',
      '0',
      '[::]',
      '[0:0:0:0:0:0:0:0]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::ffff:0.0.0.0]',
      '[::127.0.0.1]',
      '[::1]',
      '127.0.0.2',
      '127.1',
      '2130706433',
      '017700000001',
      '0x7f.1',
      '127.0.0.1.',
      'localhost',
      'LOCALHOST',
      'localhost.',
      'a.localhost',
      'a.localhost.',
      '①②⑦.0.0.1',
      'ｌｏｃａｌｈｏｓｔ',
    ].map((host): [string, boolean] => [host, true]),
    ...[
      'example.com',
      'localhost.example.com',
      'notlocalhost',
      '127.0.0.1.example.com',
      '10.0.0.1',
      '128.0.0.1',
      '[fe80::1]',
      '[::ffff:10.0.0.1]',
      '[2001:db8::1]',
      '1.0.0.0',
    ].map((host): [string, boolean] => [host, false]),
  ];
  for (const [host, expected] of hosts)
    it(`${host}: ${expected ? 'yes' : 'no'}`, () =>
      assert.equal(reachesThisMachine(new URL(`https://${host}/`).hostname), expected));
});
