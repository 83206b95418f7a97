import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { contextSetName } from '../../../../sidecar/keptContexts/workspaceKey.ts';
import { ChatService } from '../../../../sidecar/chat/chatService.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import {
  FORGET_WORKSPACE_REQUEST,
  GENERATE_REQUEST,
  type ForgetWorkspaceParams,
} from '../../../../sidecar/protocol/client.ts';
import { Client, Clients } from '../../../../sidecar/front/client.ts';
import { handleForget, type ForgetServices } from '../../../../sidecar/front/handlers/forget.ts';
import { handleGenerate } from '../../../../sidecar/front/handlers/generate.ts';
import { ScriptedEngine } from '../../completion/scriptedEngine.ts';
import type { LspConnection } from '../../../../sidecar/front/lspConnection.ts';

type Forget = (params: ForgetWorkspaceParams) => Promise<null>;

/** A client of the workspace "mine" whose set is below `folder`. Contexts are deleted below `deletedFrom`. */
function connected(
  folder: string,
  deletedFrom = folder,
): { readonly client: Client; readonly forget: Forget; readonly log: string[] } {
  let forget: Forget | undefined;
  const connection = {
    onRequest: (type: unknown, _: unknown, handle: Forget) =>
      void (type === FORGET_WORKSPACE_REQUEST && (forget = handle)),
  };
  const client = new Client(1, connection as unknown as LspConnection, folder);
  client.workspace = 'mine';
  const clients = new Clients();
  clients.add(client);
  const log: string[] = [];
  handleForget(client, {
    clients,
    completions: { forgetClient: async () => undefined },
    editWriter: { forget: async () => undefined },
    chatService: { forgetConversations: async () => undefined },
    session: { engine: {} },
    contextsFolder: deletedFrom,
    learningFolder: path.join(deletedFrom, 'learning'),
    log: { info: () => undefined, error: (what: string) => log.push(what) },
  } as unknown as ForgetServices);
  return { client, forget: (params) => (forget as Forget)(params), log };
}

describe('forgetting a workspace', () => {
  let folder: string;
  let set: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-forget-'));
    set = path.join(folder, contextSetName('mine'));
    await mkdir(set);
    await writeFile(path.join(set, 'rules'), JSON.stringify({ unknown: 'former', other: 'theirs' }));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const rules = async (): Promise<unknown> => JSON.parse(await readFile(path.join(set, 'rules'), 'utf8'));

  it(
    'names the folder with remaining files and the reason, and does not note new rules for it',
    { skip: process.platform === 'win32' && 'what lies below a file is nowhere there' },
    async () => {
      const file = path.join(folder, 'file');
      await writeFile(file, '');
      const { forget, log } = connected(folder, file);
      const isTold = (error: unknown): boolean =>
        error instanceof TroubleError &&
        error.message.includes(path.join(file, contextSetName('mine'))) &&
        error.message.includes('ENOTDIR');
      await assert.rejects(forget({}), isTold);
      await assert.rejects(forget({ unlessRules: 'new' }), isTold);
      assert.deepEqual(await rules(), { unknown: 'former', other: 'theirs' });
      assert.deepEqual(log, Array(2).fill('Kept contexts could not be removed'));
    },
  );

  it(
    'reports a folder that may not be changed',
    { skip: (process.platform === 'win32' || process.getuid?.() === 0) && 'this user may change every folder' },
    async () => {
      await chmod(set, 0o500);
      await assert.rejects(
        connected(folder).forget({ unlessRules: 'new' }),
        (error) => error instanceof TroubleError && error.message.includes(set) && error.message.includes('EACCES'),
      );
      await chmod(set, 0o700);
      assert.deepEqual(await rules(), { unknown: 'former', other: 'theirs' });
    },
  );

  it('keeps no context of a running answer whose tools call the model again', async () => {
    const { client, forget } = connected(folder);
    const engine = new ScriptedEngine([], { supportsToolCalling: true });
    engine.answer = () => 'hello';
    const generate = engine.generate.bind(engine);
    engine.generate = async (params, options) => {
      const result = await generate(params, options);
      await forget({});
      return { ...result, stopReason: 'stop' };
    };
    let ask: ((params: object, signal: AbortSignal) => Promise<unknown>) | undefined;
    Object.assign(client.connection, {
      onRequest: (type: unknown, _: unknown, handle: typeof ask) => void (type === GENERATE_REQUEST && (ask = handle)),
      progress: () => undefined,
    });
    handleGenerate(client, new ChatService({ session: engine.session }));
    await ask?.(
      { prompt: 'hello', conversationId: 'one', tools: [{ name: 'read', description: 'reads', inputSchema: {} }] },
      new AbortController().signal,
    );
    const [first, ...later] = engine.generations.map(({ contextSet }) => contextSet?.folder);
    assert.equal(first, folder);
    assert.deepEqual(later, [undefined]);
  });

  it('notes the new rules after the removal and keeps the rules of other kinds of clients', async () => {
    await mkdir(set, { recursive: true });
    await writeFile(path.join(set, 'rules'), JSON.stringify({ unknown: 'former', other: 'theirs' }));
    await connected(folder).forget({ unlessRules: 'new' });
    assert.deepEqual(await rules(), { unknown: 'new', other: 'theirs' });
  });
});
