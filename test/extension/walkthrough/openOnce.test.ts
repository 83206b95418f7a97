import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';

const { openOnce } = await import('../../../extension/walkthrough/openOnce.ts');
const { ExtensionMode, fake } = await import('../documents/support/vscode.ts');

/** Starts a window `times` times in a row, and returns how often the first steps were opened. */
async function opened(times: number, extensionMode = ExtensionMode.Production): Promise<number> {
  const stored = new Map<string, unknown>();
  const globalState = {
    get: (key: string, fallback: unknown) => stored.get(key) ?? fallback,
    update: async (key: string, value: unknown) => void stored.set(key, value),
  } as unknown as vscode.ExtensionContext['globalState'];
  let count = 0;
  for (let time = 0; time < times; time++) await openOnce({ globalState, extensionMode }, async () => void count++);
  return count;
}

describe('the first steps', () => {
  beforeEach(() => fake.open([], {}));

  it('open once after the installation', async () => {
    assert.equal(await opened(3), 1);
  });

  it('do not open over a document', async () => {
    fake.activeTextEditor = {};
    assert.equal(await opened(1), 0);
  });

  it("do not open if VS Code's setting forbids it", async () => {
    fake.configuration.user = { openOnInstall: false };
    assert.equal(await opened(1), 0);
  });

  it('do not open for a developer of the extension', async () => {
    assert.equal(await opened(1, ExtensionMode.Development), 0);
  });
});
