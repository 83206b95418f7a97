import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { FakeConfiguration } from '../documents/support/fakeConfiguration.ts';
import { halfContextTokens, slowSpeed } from '../../../extension/models/slowMachine.ts';
import type { SidecarStatus } from '../../../sidecar/protocol/client.ts';

const { halveContext } = await import('../../../extension/models/adviseOnSlowMachine.ts');

const slow: SidecarStatus = { state: 'ready', modelPath: '/models/coder.gguf', promptTokensPerSecond: 41 };

describe('the advice on a slow machine', () => {
  it('is given if prompts take long', () => assert.equal(slowSpeed(slow, []), 41));
  it('is given again for another model', () => assert.equal(slowSpeed(slow, ['/models/other.gguf']), 41));

  const silent: readonly (readonly [where: string, status: SidecarStatus | undefined, advised?: readonly string[]])[] =
    [
      ['there is no sidecar', undefined],
      ['no speed was measured', { state: 'ready', modelPath: '/models/coder.gguf' }],
      ['prompts are read at 60 tokens a second', { ...slow, promptTokensPerSecond: 60 }],
      ['the machine saves its battery', { ...slow, quiet: true }],
      [
        'a server answers',
        { ...slow, server: { host: 'gpu.example', model: 'coder', leavesMachine: true, reasonsForLocal: [] } },
      ],
      ['the user was already advised on this model', slow, ['/models/coder.gguf']],
    ];
  for (const [where, status, advised = []] of silent)
    it(`is not given if ${where}`, () => assert.equal(slowSpeed(status, advised), undefined));

  it('halfContextTokens', () => {
    assert.equal(halfContextTokens(undefined), 1_024);
    assert.equal(halfContextTokens(801), 400);
    assert.equal(halfContextTokens(0), 0);
  });

  const settings: readonly (readonly [where: string, before: FakeConfiguration, after: FakeConfiguration])[] = [
    [
      'for the user',
      new FakeConfiguration({ 'context.maxTokens': 800 }),
      new FakeConfiguration({ 'context.maxTokens': 400 }),
    ],
    [
      'for the user if none are set',
      new FakeConfiguration({ 'context.maxTokens': null }),
      new FakeConfiguration({ 'context.maxTokens': 1_024 }),
    ],
    [
      'in a workspace that sets them',
      new FakeConfiguration({}, { 'context.maxTokens': 600 }),
      new FakeConfiguration({}, { 'context.maxTokens': 300 }),
    ],
  ];
  for (const [where, before, after] of settings) {
    it(`halves the tokens ${where}`, async () => {
      await halveContext(before as unknown as vscode.WorkspaceConfiguration);
      assert.deepEqual(before, after);
    });
  }
});
