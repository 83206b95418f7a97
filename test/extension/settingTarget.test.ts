import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import './documents/support/useFakeVscode.ts';
import { FakeConfiguration } from './documents/support/fakeConfiguration.ts';
import { USER_ONLY_SETTINGS } from '../../extension/settings.ts';
import manifest from '../../package.json' with { type: 'json' };

const { switchSettingOff } = await import('../../extension/settingTarget.ts');

describe('switchSettingOff', () => {
  const cases: readonly (readonly [
    where: string,
    workspace: Readonly<Record<string, unknown>>,
    after: Readonly<Record<string, unknown>>,
  ])[] = [
    ['switches off for the user', {}, {}],
    ['switches off in a workspace that has it on, too', { 'context.readAhead': true }, { 'context.readAhead': false }],
  ];
  for (const [where, workspace, after] of cases) {
    it(where, async () => {
      const settings = new FakeConfiguration({}, workspace);
      await switchSettingOff(settings as unknown as vscode.WorkspaceConfiguration, 'context.readAhead');
      assert.deepEqual(settings, new FakeConfiguration({ 'context.readAhead': false }, after));
    });
  }
});

describe('settings that commands switch', () => {
  for (const name of ['completion.enabled', 'completion.disabledLanguages', 'context.maxTokens', 'context.readAhead']) {
    it(`can be set by a workspace, but not by one of its folders: ${name}`, () => {
      const properties: Readonly<Record<string, { readonly scope?: string }>> =
        manifest.contributes.configuration.properties;
      assert.equal(properties[`chorus.${name}`]?.scope, 'window');
      assert.ok(!USER_ONLY_SETTINGS.includes(name));
    });
  }
});
