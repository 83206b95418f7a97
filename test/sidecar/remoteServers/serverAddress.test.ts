import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkIsPrivate, parseServerAddress } from '../../../sidecar/remoteServers/serverAddress.ts';

describe('parseServerAddress', () => {
  const readings: readonly [written: string, base: string][] = [
    ['https://gpu.example.com', 'https://gpu.example.com/v1/'],
    [' http://localhost:8000/ ', 'http://localhost:8000/v1/'],
    ['https://gw.example.com/openai/v1', 'https://gw.example.com/openai/v1/'],
    ['https://gw.example.com/v1/chat/completions', 'https://gw.example.com/v1/'],
    ['http://[::1]:8080/v1/models', 'http://[::1]:8080/v1/'],
  ];
  for (const [written, base] of readings) {
    it(`accepts the usual spellings: ${written.trim()}`, () =>
      assert.equal(parseServerAddress(written).base.href, base));
  }

  const refusals: readonly [written: string, words: RegExp][] = [
    ['', /expected one that begins with https/],
    ['gpu.example.com', /expected one that begins with https/],
    ['file:///etc/passwd', /expected one that begins with https/],
    ['ftp://gpu.example.com', /expected one that begins with https/],
    ['https://', /expected one that begins with https/],
    ['https://user:pass@gpu.example.com', /user name or a password/],
    ['https://user@gpu.example.com', /user name or a password/],
    ['https://:pass@gpu.example.com', /user name or a password/],
    ['https://gpu.example.com/v1?key=1', /query or a fragment/],
    ['https://gpu.example.com/#x', /query or a fragment/],
    [`https://gpu.example.com/${'a'.repeat(10_000)}`, /at most 2048/],
  ];
  for (const [written, words] of refusals) {
    it(`refuses an invalid address with the reason: ${written.slice(0, 40) || 'nothing'}`, () => {
      assert.throws(() => parseServerAddress(written), { name: 'TroubleError', code: 'invalid-input', message: words });
    });
  }

  it('tells this machine from others', () => {
    for (const url of ['http://localhost:1', 'http://127.0.0.1', 'http://127.9.9.9', 'http://[::1]'])
      assert.equal(parseServerAddress(url).isThisMachine, true, url);
    for (const url of ['http://192.168.0.2', 'https://localhost.example.com', 'http://128.0.0.1', 'http://[::2]'])
      assert.equal(parseServerAddress(url).isThisMachine, false, url);
  });
});

describe('unencrypted code', () => {
  for (const url of [
    'http://127.0.0.1:8000',
    'http://localhost',
    'http://10.1.2.3',
    'http://172.31.0.1',
    'http://192.168.1.1:8000',
    'http://172.16.0.0',
    'http://100.64.0.0',
    'http://100.127.255.255',
    'http://[fd00::1]',
    'http://[fe80::1]',
    'https://8.8.8.8',
  ]) {
    it(`may go to ${url}`, () => checkIsPrivate(parseServerAddress(url)));
  }
  for (const url of [
    'http://8.8.8.8',
    'http://172.15.255.255',
    'http://172.32.0.0',
    'http://100.63.255.255',
    'http://100.128.0.0',
    'http://11.0.0.1',
    'http://[2001:4860::8888]',
    'http://[::ffff:8.8.8.8]',
  ]) {
    it(`may not go to ${url}`, () =>
      assert.throws(() => checkIsPrivate(parseServerAddress(url)), {
        code: 'invalid-input',
        message: /unencrypted.*chorus\.server\.allowHttp/,
      }));
  }
});
