import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isThisMachine } from '../../../../sidecar/store/network/loopback.ts';

describe('whether a URL leads to this machine', () => {
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
