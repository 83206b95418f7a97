import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ClientWorkspace } from '../../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../../sidecar/workspaceIndex/indexThread.ts';
import type { ChatParams } from '../../../../sidecar/protocol/client.ts';
import { FilesInMemory } from '../../workspaceIndex/filesInMemory.ts';
import { SentenceWithFacts } from '../../../../sidecar/chat/explain/sentenceWithFacts.ts';
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

describe('an explanation by a small model', () => {
  const code = 'function add(a, b) {\n  return a + b;\n}';
  const ask = (
    answer: string,
    {
      content = '/explain',
      language,
      languageId = 'javascript',
    }: { content?: string; language?: string; languageId?: string } = {},
  ): Promise<{ readonly text: string; readonly streamed: string; readonly stopReason: string }> =>
    explained(answer, {
      conversationId: 'one',
      messages: [{ role: 'user', content }],
      context: [{ kind: 'selection', uri: 'file:///add.js', languageId, lines: [0, 2], text: code }],
      ...(language ? { language } : {}),
    });
  const facts = '- Parameters: `a`, `b`\n- Returns: `a + b`';

  it('is its first sentence, and facts from the syntax of the code', async () => {
    const { text, streamed, stopReason } = await ask('It adds two numbers. It returns null.');
    assert.equal(text, `It adds two numbers.\n\n${facts}`);
    assert.deepEqual([streamed, stopReason], [text, 'end']);
  });

  it('has facts also if the model says nothing', async () => {
    assert.equal((await ask('')).text, facts);
  });

  it('is the sentence alone if the language has no grammar', async () => {
    assert.equal((await ask('It adds a and b', { languageId: 'cobol' })).text, 'It adds a and b');
    assert.equal((await ask('It adds two numbers. It ends.', { languageId: 'cobol' })).text, 'It adds two numbers.');
  });

  it('has facts in the language of the answer', async () => {
    const { text } = await ask('Die Funktion addiert zwei Zahlen. Sie endet.', { language: 'de' });
    assert.equal(text, 'Die Funktion addiert zwei Zahlen.\n\n- Parameter: `a`, `b`\n- Gibt zurück: `a + b`');
  });

  it('has no facts if the user cancels it', async () => {
    const cancel = new AbortController();
    let sent = '';
    const explanation = new SentenceWithFacts(
      {
        context: [{ kind: 'selection', text: code }],
        factsOf: async () => {
          cancel.abort();
          return { defines: [], parameters: ['a'], yields: [], errors: [], calls: [] };
        },
      },
      'en',
      (text) => (sent += text),
    );
    explanation.receive('It adds');
    assert.equal(await explanation.finish(cancel.signal), 'It adds');
    assert.equal(sent, 'It adds');
  });

  it('is whole if the user adds a question', async () => {
    const answer = 'It is a sum. It is never null.';
    assert.equal((await ask(answer, { content: '/explain can it be null?' })).text, answer);
  });

  async function explained(
    answer: string,
    params: ChatParams,
  ): Promise<{ readonly text: string; readonly streamed: string; readonly stopReason: string }> {
    const chat = new ScriptedChat(undefined, answer);
    let streamed = '';
    const { text, stopReason } = await chat.ask(params, (chunk) => (streamed += chunk.text));
    return { text, streamed, stopReason };
  }
});
