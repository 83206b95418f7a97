import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { fake } from '../documents/support/vscode.ts';
import { until } from '../../sidecar/front/support/sidecar.ts';
import type { DocumentPolicy } from '../../../extension/documents/documentPolicy.ts';
import type { LanguageClientSession } from '../../../extension/sidecar/sidecarSession.ts';
import { TroubleError } from '../../../extension/sidecar/troubleError.ts';

const { registerKeptContexts } = await import('../../../extension/keptContexts/registerKeptContexts.ts');

/**
 * Returns the messages of the command "Forget This Workspace" and its requests, if the sidecar answers with `answer`.
 */
async function said(
  answer: () => Promise<unknown>,
): Promise<{ readonly messages: readonly string[]; readonly asked: readonly unknown[] }> {
  fake.open(['/ws'], {});
  const asked: unknown[] = [];
  const request = (_method: string, params: unknown): Promise<unknown> => {
    asked.push(params);
    return answer();
  };
  const never = { dispose: () => undefined };
  registerKeptContexts(
    { subscriptions: [] } as unknown as vscode.ExtensionContext,
    { isRunning: true, request, onDidChangeStatus: () => never } as unknown as LanguageClientSession,
    { onDidChange: () => never } as unknown as DocumentPolicy,
    (error) => assert.fail(String(error)),
  );
  // The message is never closed, so the command does not end.
  fake.commands
    .get('chorus.forgetWorkspace')?.()
    .catch(() => undefined);
  await until(() => fake.messages.length > 0, 'the command says something');
  return { messages: fake.messages, asked };
}

describe('"Forget This Workspace"', () => {
  it('says that all read contexts are deleted and that chats stay', async () => {
    const { messages, asked } = await said(async () => null);
    assert.equal(asked.length, 2);
    assert.deepEqual(messages.length, 1);
    assert.match(messages[0] ?? '', /The saved contexts of this workspace are deleted\. Chats stay/);
  });

  it('reports only the contexts that could not be deleted, and sends no rules', async () => {
    const message = 'The kept contexts in /contexts/a could not be deleted: EACCES';
    const { messages, asked } = await said(() => Promise.reject(new TroubleError({ code: 'engine-failed', message })));
    assert.deepEqual(messages, [message]);
    assert.deepEqual(asked, [{}]);
  });
});
