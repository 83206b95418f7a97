import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openDispatcher } from '../../../../sidecar/common/http/dispatcher.ts';

describe('openDispatcher with an invalid proxy', () => {
  const cases: readonly [proxy: string, told: string][] = [
    ['ftp://proxy.example:21', 'ftp://proxy.example:21'],
    ['socks5://me:s3cret@proxy.example:1080', '…@proxy.example:1080'],
    ['me:s3cret@proxy.example:8080', '…@proxy.example:8080'],
    ['ftp://me:s3@cret@proxy.example', '…@proxy.example'],
  ];
  for (const [proxy, told] of cases) {
    it(`shows the proxy without its password: ${told}`, () =>
      assert.rejects(openDispatcher({ proxy }), {
        name: 'TroubleError',
        code: 'download-failed',
        message: `http.proxy: expected an http: or https: URL, got ${told}`,
      }));
  }
});
