import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ClientWorkspace } from '../../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../../sidecar/workspaceIndex/indexThread.ts';
import { FilesInMemory } from '../../workspaceIndex/filesInMemory.ts';
import { ScriptedChat } from '../support/scriptedChat.ts';

const CART =
  'export class Cart {\n  /** Sums the prices of all items. */\n  total(): number {\n    return this.sum;\n  }\n}\n';
const QUESTION = 'Where are the prices of items summed?';

const thread = new IndexThread();
after(() => thread.dispose());

const source = new FilesInMemory({
  'shop/cart.ts': CART,
  'shop/mail.ts': 'export function sendMail(address: string): void {\n  throw new Error(address);\n}\n',
});
const files = new ClientWorkspace({
  key: 'chat',
  thread,
  source,
  openUris: () => [],
  openText: () => undefined,
  pathOf: (uri) => uri,
});
files.start();

describe('an answer to a question about the workspace', () => {
  const asked = { conversationId: 'one', messages: [{ role: 'user', content: QUESTION }] } as const;

  it('uses matching code of the workspace and names its place', async () => {
    const chat = new ScriptedChat(files);
    const { text, sources } = await chat.ask({ ...asked, workspace: true });
    assert.equal(text, 'There.');
    assert.ok((await chat.lastPrompt).includes('return this.sum;'));
    assert.deepEqual(sources?.[0], { uri: FilesInMemory.uri('shop/cart.ts'), path: 'shop/cart.ts', lines: [0, 6] });
  });

  it('uses the definition of a named symbol, placed after the question’s own context', async () => {
    const chat = new ScriptedChat(files);
    const { sources } = await chat.ask({
      ...asked,
      symbols: ['Cart.total'],
      context: [{ kind: 'selection', text: 'const selected = 1;' }],
    });
    assert.match(await chat.lastPrompt, /const selected = 1;[^]*total\(\): number \{\n {4}return this\.sum;/);
    assert.deepEqual(
      sources?.map(({ path, lines }) => [path, lines]),
      [['shop/cart.ts', [1, 4]]],
    );
  });

  it('uses the definition of a name in the question, placed before it, and keeps it there in the next turn', async () => {
    const chat = new ScriptedChat(files);
    const first = [{ role: 'user', content: 'What does sendMail do?' }] as const;
    const { sources } = await chat.ask({ conversationId: 'one', messages: first });
    assert.deepEqual(
      sources?.map(({ path, lines }) => [path, lines]),
      [['shop/mail.ts', [0, 2]]],
    );
    const prompt = await chat.lastPrompt;
    assert.match(prompt, /throw new Error\(address\);[^]*What does sendMail do\?/);
    const next = await chat.ask({
      conversationId: 'one',
      messages: [
        ...first,
        { role: 'assistant', content: 'There.' },
        { role: 'user', content: 'Who else calls sendMail, Cart.total() perhaps?' },
      ],
    });
    assert.deepEqual(
      next.sources?.map(({ path, lines }) => [path, lines]),
      [['shop/cart.ts', [1, 4]]],
    );
    const question = prompt.slice(0, prompt.indexOf('What does sendMail do?') + 'What does sendMail do?'.length);
    assert.ok((await chat.lastPrompt).startsWith(question), 'the definition stays');
  });

  it('leaves out definitions that do not fit, without a word, if the user did not ask for them', async () => {
    const messages = [{ role: 'user', content: `What does sendMail do${'!'.repeat(750)}` }] as const;
    const chat = new ScriptedChat(files, 'There.', 2_048);
    const { sources, omittedContext } = await chat.ask({ conversationId: 'one', messages });
    assert.deepEqual([sources, omittedContext], [undefined, undefined]);
    assert.doesNotMatch(await chat.lastPrompt, /throw new Error/);
    const none = new ScriptedChat(files);
    none.client.settings = { context: { maxTokens: 0 } };
    await none.ask({ conversationId: 'one', messages });
    assert.doesNotMatch(await none.lastPrompt, /throw new Error/, 'when other files may take no tokens');
  });

  it('is given to each question that fits without the definitions', async () => {
    const isAnswered = async (ofClient: typeof files | undefined, length: number): Promise<boolean> => {
      const ask = new ScriptedChat(ofClient, 'There.', 2_048).ask({
        conversationId: 'one',
        messages: [{ role: 'user', content: `What does sendMail do${'!'.repeat(length)}` }],
      });
      return ask.then(
        () => true,
        (error: unknown) => assert.ok(/tokens long/.test(String(error))) ?? false,
      );
    };
    const answered: number[] = [];
    for (let length = 600; length < 1_000; length += 5) {
      const isPossible = await isAnswered(undefined, length);
      if (isPossible) answered.push(length);
      assert.equal(await isAnswered(files, length), isPossible, `${length} characters more`);
    }
    assert.ok(answered.length > 10 && answered.length < 70, `${answered.length} of 80`);
  });

  it('does not name places that did not fit in the prompt', async () => {
    const chat = new ScriptedChat(files, 'There.', 2_048);
    const result = await chat.ask({
      conversationId: 'one',
      messages: [{ role: 'user', content: `${QUESTION}${'!'.repeat(750)}` }],
      workspace: true,
    });
    assert.doesNotMatch(await chat.lastPrompt, /this\.sum/);
    assert.deepEqual([result.sources, result.omittedContext?.includes('cart.ts:1-7')], [undefined, true]);
  });

  for (const [what, chat, params] of [
    ['does not ask for it', new ScriptedChat(files), asked],
    ['asks for what is not there', new ScriptedChat(files), { ...asked, symbols: ['Nowhere'] }],
    ['comes from a client without files', new ScriptedChat(undefined), { ...asked, workspace: true }],
  ] as const) {
    it(`uses no workspace code and names no places if the question ${what}`, async () => {
      const result = await chat.ask(params);
      assert.equal(result.text, 'There.');
      assert.ok(!('sources' in result));
      assert.doesNotMatch(await chat.lastPrompt, /this\.sum|sendMail/);
    });
  }
});
