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

describe('findOtherProviders', () => {
  it('finds none if none runs', () => {
    assert.deepEqual(names(installed([])), []);
  });

  it('finds extensions by their identifier', () => {
    assert.deepEqual(names(installed(['tabbyml.vscode-tabby', 'supermaven.supermaven'])), ['Tabby', 'Supermaven']);
  });

  it('names two extensions that belong together once', () => {
    assert.deepEqual(names(installed(['github.copilot', 'github.copilot-chat'])), ['GitHub Copilot']);
  });

  it('ignores extensions whose ghost text is off', () => {
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

  it('does not ask about an extension twice', () => {
    assert.deepEqual(names(installed(['github.copilot']), ['GitHub Copilot']), []);
  });

  it('lists identifiers in lower case, in which they are compared', () => {
    for (const { extensionId } of OTHER_PROVIDERS) assert.equal(extensionId, extensionId.toLowerCase());
  });
});
