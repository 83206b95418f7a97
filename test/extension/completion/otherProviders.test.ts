import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findOtherProviders,
  OTHER_PROVIDERS,
  type InstalledExtensions,
} from '../../../extension/completion/otherProviders.ts';

function installed(active: readonly string[], settings: Readonly<Record<string, unknown>> = {}): InstalledExtensions {
  return { isActive: (extensionId) => active.includes(extensionId), setting: (name) => settings[name] };
}
const names = (extensions: InstalledExtensions, asked: readonly string[] = []): string[] =>
  findOtherProviders(extensions, asked).map((provider) => provider.name);

describe('other extensions with ghost text', () => {
  it('are none where none runs', () => {
    assert.deepEqual(names(installed([])), []);
  });

  it('are found by their identifier', () => {
    assert.deepEqual(names(installed(['tabbyml.vscode-tabby', 'supermaven.supermaven'])), ['Tabby', 'Supermaven']);
  });

  it('are named once where two extensions belong together', () => {
    assert.deepEqual(names(installed(['github.copilot', 'github.copilot-chat'])), ['GitHub Copilot']);
  });

  it('do not count while their ghost text is off', () => {
    assert.deepEqual(names(installed(['continue.continue'], { 'continue.enableTabAutocomplete': false })), []);
    assert.deepEqual(
      names(installed(['github.copilot'], { 'github.copilot.enable': { '*': false, markdown: false } })),
      [],
    );
    assert.deepEqual(names(installed(['github.copilot'], { 'github.copilot.enable': { '*': false, python: true } })), [
      'GitHub Copilot',
    ]);
    assert.deepEqual(
      names(installed(['tabbyml.vscode-tabby'], { 'tabby.inlineCompletion.triggerMode': 'manual' })),
      [],
    );
  });

  it('are not asked about twice', () => {
    assert.deepEqual(names(installed(['github.copilot']), ['GitHub Copilot']), []);
  });

  it('are listed in the lower case that identifiers compare in', () => {
    for (const { extensionId } of OTHER_PROVIDERS) assert.equal(extensionId, extensionId.toLowerCase());
  });
});
