import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { ChatHistory } from '../../../extension/chat/chatHistory.ts';
import type { SidecarSession } from '../../../extension/sidecar/session.ts';
import type { HostMessage, MessageView } from '../../../media/chat/messages.ts';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import type { ChatChunk, ChatParams } from '../../../sidecar/protocol/client.ts';
import { ScriptedChat } from '../../sidecar/front/support/scriptedChat.ts';
import '../documents/support/useFakeVscode.ts';
import { fake, workspace } from '../documents/support/vscode.ts';

const { ChatController } = await import('../../../extension/chat/chatController.ts');
const { ContextChips } = await import('../../../extension/chat/contextChips.ts');
const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');
const { WorkspaceFiles } = await import('../../../extension/workspace/workspaceFiles.ts');

const FOLDER = '/ws';
/** Each file has the question's words and a word that no other file has. */
const FILES = {
  'src/invoice.ts':
    'export function checkInvoiceToken(token: string): boolean {\n  // kestrel\n  return token.length > 3;\n}\n',
  '.env': 'INVOICE_TOKEN=osprey # check of the invoice token\n',
  'keys/invoice.pem': '# check of the invoice token\nbuzzard\n',
  'drafts/invoice.ts':
    'export function checkDraftToken(token: string): boolean {\n  // check of the invoice token: goshawk\n  return token.length > 5;\n}\n',
  'src/customers.ts':
    'export function checkCustomerToken(token: string): boolean {\n  // check of the invoice token: merlin\n  return token.length > 7;\n}\n',
  '.git/HEAD': '',
  '.gitignore': 'drafts/\n',
  '.chorusignore': 'customers.ts\n',
};
const KEPT_BACK = /osprey|buzzard|goshawk|merlin/;

const threads = new Set<IndexThread>();
after(() => Promise.all([...threads].map((thread) => thread.dispose())));

/**
 * A chat panel in a window with these files. A question passes through all parts on the way to the model, except
 * processes and sockets.
 */
async function panel() {
  fake.open([FOLDER], Object.fromEntries(Object.entries(FILES).map(([name, text]) => [`${FOLDER}/${name}`, text])));
  const log = (): void => undefined;
  const policy = new DocumentPolicy(log);
  const files = new WorkspaceFiles(policy, log);
  const thread = new IndexThread();
  threads.add(thread);
  const source = {
    list: async (page: number | undefined) => files.list(page),
    read: async (uris: readonly string[]) => files.read(uris),
  };
  const indexed = new ClientWorkspace({
    key: 'window',
    thread,
    source,
    openUris: () => [],
    openText: () => undefined,
    pathOf: (uri) => uri.slice(`file://${FOLDER}/`.length),
  });
  indexed.start();
  await indexed.whenReady();
  const chat = new ScriptedChat(indexed, 'In one place.');
  const asked: ChatParams[] = [];
  const requestStreaming = (
    _type: unknown,
    params: ChatParams,
    onChunk: (chunk: ChatChunk) => void,
  ): Promise<object> => {
    asked.push(params);
    return chat.ask(params, onChunk);
  };
  const history = new ChatHistory(
    { list: async () => [], read: async () => '', write: async () => undefined, remove: async () => undefined },
    (error) => assert.fail(String(error)),
  );
  const answers: MessageView[] = [];
  const post = (message: HostMessage): void => {
    if (message.type === 'ended') answers.push(message.answer);
  };
  const controller = new ChatController({
    session: { requestStreaming } as unknown as SidecarSession,
    history,
    chips: new ContextChips(policy, () => undefined),
    post,
  });
  return { controller, asked, answers, lastPrompt: () => chat.lastPrompt };
}

describe('a question about the workspace', () => {
  beforeEach(() => {
    workspace.isTrusted = true;
  });

  it('is answered from readable files, which are listed under the answer, and never from a secret or ignored file', async () => {
    const { controller, asked, answers, lastPrompt } = await panel();
    await controller.send('@workspace Where is the check of the invoice token?');
    assert.equal(asked[0]?.workspace, true);
    const prompt = await lastPrompt();
    assert.match(prompt, /kestrel/);
    assert.doesNotMatch(prompt, KEPT_BACK);
    assert.doesNotMatch(prompt, /@workspace/);
    assert.deepEqual(
      answers.map(({ content, failed, sources }) => ({ content, failed, sources })),
      [
        {
          content: 'In one place.',
          failed: undefined,
          sources: [{ uri: 'file:///ws/src/invoice.ts', line: 0, label: 'src/invoice.ts:1-5' }],
        },
      ],
    );
  });

  for (const [what, name] of [
    ['file', 'checkCustomerToken'],
    ['folder', 'checkDraftToken'],
  ] as const) {
    it(`has no definition of a symbol of an ignored ${what}`, async () => {
      const { controller, asked, answers, lastPrompt } = await panel();
      await controller.send(`What is #symbol:${name}?`);
      assert.deepEqual(asked[0]?.symbols, [name]);
      assert.doesNotMatch(await lastPrompt(), KEPT_BACK);
      assert.deepEqual(
        answers.map(({ sources }) => sources),
        [undefined],
      );
    });
  }

  it('has the definition of a symbol of another file', async () => {
    const { controller, answers, lastPrompt } = await panel();
    await controller.send('What is #symbol:checkInvoiceToken?');
    assert.match(await lastPrompt(), /kestrel/);
    assert.deepEqual(
      answers[0]?.sources?.map(({ label }) => label),
      ['src/invoice.ts:1-4'],
    );
  });

  it('lists a named file under the answer once, together with its found passages', async () => {
    const { controller, answers, lastPrompt } = await panel();
    await controller.send('What is #file:src/invoice.ts for?');
    assert.match(await lastPrompt(), /kestrel/);
    assert.deepEqual(answers[0]?.sources, [{ uri: 'file:///ws/src/invoice.ts', line: 0, label: 'src/invoice.ts' }]);
    await controller.send('@workspace Where is the check of the invoice token?');
    assert.deepEqual(
      answers[1]?.sources?.map(({ label }) => label),
      ['src/invoice.ts:1-5'],
    );
  });

  it('uses no unopened files in an untrusted workspace', async () => {
    workspace.isTrusted = false;
    const { controller, answers, lastPrompt } = await panel();
    await controller.send('@workspace Where is the check of the invoice token?');
    assert.doesNotMatch(await lastPrompt(), /kestrel/);
    assert.deepEqual(
      answers.map(({ content, sources }) => [content, sources]),
      [['In one place.', undefined]],
    );
  });
});
