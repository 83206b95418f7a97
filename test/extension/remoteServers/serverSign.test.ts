import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverSign } from '../../../extension/remoteServers/serverSign.ts';

const chosen = { url: 'https://gpu.example.com:8000/v1', model: 'coder' };
const status = { host: 'gpu.example.com:8000', model: 'coder', leavesMachine: true, reasonsForLocal: [] };

describe('serverSign', () => {
  it('returns nothing if no server is chosen', () => assert.equal(serverSign(undefined, undefined), undefined));

  it('says from the start that code leaves the machine, and names the host', () => {
    for (const known of [undefined, status]) {
      const sign = serverSign(chosen, known);
      assert.equal(sign?.text, '$(cloud-upload) gpu.example.com:8000');
      assert.match(sign.lines.join(' '), /code leaves this machine for gpu\.example\.com:8000.*coder/);
      assert.equal(sign.isWarning, false);
    }
  });

  it('differs for a program on this machine', () => {
    const sign = serverSign(
      { ...chosen, url: 'http://127.0.0.1:8000' },
      { ...status, host: '127.0.0.1:8000', leavesMachine: false },
    );
    assert.equal(sign?.text, '$(server-process) 127.0.0.1:8000');
    assert.doesNotMatch(sign.lines.join(' '), /leaves/);
  });

  it('warns with the reason if the local model stands in', () => {
    const sign = serverSign(chosen, { ...status, reasonsForLocal: ['It sleeps.'] });
    assert.equal(sign?.text, '$(warning) gpu.example.com:8000');
    assert.ok(sign.lines.includes('It sleeps.'));
    assert.equal(sign.isWarning, true);
  });
});
