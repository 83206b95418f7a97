import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { SettingsReader } from '../../extension/settings.ts';
import './documents/support/useFakeVscode.ts';
import { env, ExtensionKind } from './documents/support/vscode.ts';

const { hasSettingsOfOtherMachine, leavesModel } = await import('../../extension/isRemoteWindow.ts');

const reader = (user: Readonly<Record<string, unknown>>): SettingsReader => ({
  get: () => undefined,
  inspect: (section) => ({ globalValue: user[section] }),
});
const { UI, Workspace } = ExtensionKind;

describe('hasSettingsOfOtherMachine and leavesModel', () => {
  afterEach(() => (env.remoteName = undefined));

  const cases: readonly [remoteName: string | undefined, extensionKind: number, isOther: boolean][] = [
    [undefined, UI, false],
    ['ssh-remote', UI, true],
    ['ssh-remote', Workspace, false],
  ];
  for (const [remoteName, extensionKind, isOther] of cases) {
    it(`${isOther ? 'is true' : 'is false'} for a window that is ${remoteName ?? 'local'}, with the extension ${extensionKind === UI ? 'beside the user' : 'beside the files'}`, () => {
      env.remoteName = remoteName;
      assert.equal(hasSettingsOfOtherMachine({ extensionKind }), isOther);
    });
  }

  it('leave the model to other windows, unless the settings choose one', () => {
    env.remoteName = 'ssh-remote';
    assert.equal(leavesModel({ extensionKind: UI }, reader({})), true);
    assert.equal(leavesModel({ extensionKind: UI }, reader({ modelPath: '' })), false);
    assert.equal(leavesModel({ extensionKind: Workspace }, reader({})), false);
  });
});
