import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { halfContextTokens, slowSpeed } from '../../../extension/models/slowMachine.ts';
import type { SidecarStatus } from '../../../sidecar/protocol/client.ts';

const slow: SidecarStatus = { state: 'ready', modelPath: '/models/coder.gguf', promptTokensPerSecond: 41 };

describe('advice on a slow machine', () => {
  it('is given where prompts take long', () => assert.equal(slowSpeed(slow, []), 41));
  it('is given again for another model', () => assert.equal(slowSpeed(slow, ['/models/other.gguf']), 41));

  const silent: readonly (readonly [where: string, status: SidecarStatus | undefined, advised?: readonly string[]])[] = [
    ['there is no sidecar', undefined],
    ['nothing was measured', { state: 'ready', modelPath: '/models/coder.gguf' }],
    ['60 tokens a second are read', { ...slow, promptTokensPerSecond: 60 }],
    ['the machine is spared on battery', { ...slow, quiet: true }],
    ['a server answers', { ...slow, server: { host: 'gpu.example', model: 'coder', leavesMachine: true, reasonsForLocal: [] } }],
    ['the user heard of this model before', slow, ['/models/coder.gguf']],
  ];
  for (const [where, status, advised = []] of silent) it(`is not given where ${where}`, () => assert.equal(slowSpeed(status, advised), undefined));

  it('halves the tokens of other files', () => {
    assert.equal(halfContextTokens(undefined), 1_024);
    assert.equal(halfContextTokens(801), 400);
    assert.equal(halfContextTokens(0), 0);
  });
});
