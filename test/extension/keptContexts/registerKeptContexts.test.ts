import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { fake } from '../documents/support/vscode.ts';
import { expertFileOf, learningFolder } from '../../../sidecar/keptContexts/learntFolder.ts';
import { contextSetName, workspaceKeyOf } from '../../../sidecar/keptContexts/workspaceKey.ts';
import { until } from '../../sidecar/front/support/sidecar.ts';
import type { DocumentPolicy } from '../../../extension/documents/documentPolicy.ts';
import type { LanguageClientSession } from '../../../extension/sidecar/sidecarSession.ts';
import { TroubleError } from '../../../extension/sidecar/troubleError.ts';

const { registerKeptContexts } = await import('../../../extension/keptContexts/registerKeptContexts.ts');

/**
 * Returns the messages of the command "Forget This Workspace" and its requests, if the sidecar answers with `answer`.
 */
async function said(answer: () => Promise<unknown>): Promise<{
  readonly messages: readonly string[];
  readonly asked: readonly unknown[];
  /** How often the user's decisions were forgotten. */
  readonly forgotten: number;
}> {
  fake.open(['/ws'], {});
  const asked: unknown[] = [];
  let forgotten = 0;
  const request = (_method: string, params: unknown): Promise<unknown> => {
    asked.push(params);
    return answer();
  };
  const never = { dispose: () => undefined };
  registerKeptContexts(
    { subscriptions: [] } as unknown as vscode.ExtensionContext,
    { isRunning: true, request, onDidChangeStatus: () => never } as unknown as LanguageClientSession,
    { onDidChange: () => never } as unknown as DocumentPolicy,
    { onForget: () => void forgotten++, onError: (error) => assert.fail(String(error)) },
  );
  // The message is never closed, so the command does not end.
  fake.commands
    .get('chorus.forgetWorkspace')?.()
    .catch(() => undefined);
  await until(() => fake.messages.length > 0, 'the command says something');
  return { messages: fake.messages, asked, forgotten };
}

describe('"Forget This Workspace"', () => {
  const home = process.env['CHORUS_HOME'];
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-forget-'));
    process.env['CHORUS_HOME'] = folder;
  });
  afterEach(async () => {
    if (home === undefined) delete process.env['CHORUS_HOME'];
    else process.env['CHORUS_HOME'] = home;
    await rm(folder, { recursive: true, force: true });
  });

  it('names the expert if there was one, and forgets what the user decided about learning', async () => {
    const expert = expertFileOf(learningFolder(folder), contextSetName(workspaceKeyOf(['file:///ws'])));
    await mkdir(path.dirname(expert), { recursive: true });
    await writeFile(expert, 'x');
    const { messages, forgotten } = await said(async () => null);
    assert.match(messages[0] ?? '', /The saved contexts and the expert of this workspace are deleted\./);
    assert.equal(forgotten, 1);
  });

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
