import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import type { LanguageClientSession } from '../../../extension/sidecar/sidecarSession.ts';
import { TroubleError } from '../../../extension/sidecar/troubleError.ts';
import '../documents/support/useFakeVscode.ts';

const { registerCuda } = await import('../../../extension/cuda/registerCuda.ts');
const { fake } = await import('../documents/support/vscode.ts');

/** Runs the command in a window whose sidecar fails with this error. */
async function installFailingWith(error: Error): Promise<void> {
  const session = { requestStreaming: () => Promise.reject(error), onDidChangeStatus: () => undefined };
  const context = { subscriptions: [] } as unknown as vscode.ExtensionContext;
  registerCuda(context, session as unknown as LanguageClientSession, (reason) => assert.fail(String(reason)));
  await fake.commands.get('chorus.installCuda')?.();
}

describe('a failed installation of CUDA support', () => {
  beforeEach(() => fake.open([], {}));

  it('says what failed, and offers to try again or to look into the log', async () => {
    const message = 'https://registry.example/chorus-cuda answered with status 503.';
    await installFailingWith(new TroubleError({ code: 'download-failed', message }));
    assert.deepEqual(fake.messages, [`Chorus: Installing CUDA support: ${message}`]);
    assert.deepEqual(fake.buttons, [['Try Again', 'Open Output']]);
  });

  it('offers what helps against its reason too', async () => {
    await installFailingWith(new TroubleError({ code: 'disk-full', message: 'It needs 2 GB.' }));
    assert.deepEqual(fake.buttons, [['Try Again', 'Settings']]);
  });

  it('runs again if the user presses the button', async () => {
    fake.pressed = 'Try Again';
    const ran = new Promise((resolve) => (fake.executeCommand = async (command) => resolve(command)));
    await installFailingWith(new Error('No.'));
    assert.equal(await ran, 'chorus.installCuda');
  });
});
