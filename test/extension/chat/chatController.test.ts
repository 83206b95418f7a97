import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ChatHistory } from '../../../extension/chat/chatHistory.ts';
import type { Verdict } from '../../../extension/documents/documentPolicy.ts';
import type { SidecarSession } from '../../../extension/sidecar/session.ts';
import type { HostMessage } from '../../../media/chat/messages.ts';
import type { ChatParams, ContextItem } from '../../../sidecar/protocol/client.ts';
import '../documents/support/useFakeVscode.ts';
import { fake, Range, Uri } from '../documents/support/vscode.ts';

const { FakeDocument } = await import('../documents/support/fakeDocument.ts');
const { ChatController } = await import('../../../extension/chat/chatController.ts');
const { ContextChips } = await import('../../../extension/chat/contextChips.ts');

/** A panel's conversation whose model answers at once. */
function panel(verdict: Verdict = 'allowed') {
  fake.open(['/ws'], { '/ws/a.ts': '' });
  const posted: HostMessage[] = [];
  const asked: ChatParams[] = [];
  const requestStreaming = async (
    _method: string,
    params: ChatParams,
    onChunk: (chunk: { readonly text: string }) => void,
  ): Promise<object> => {
    asked.push(params);
    onChunk({ text: 'Yes.' });
    return {};
  };
  const history = new ChatHistory(
    { list: async () => [], read: async () => '', write: async () => undefined, remove: async () => undefined },
    (error) => assert.fail(String(error)),
  );
  const chips = new ContextChips({ check: async () => verdict }, () => undefined);
  const controller = new ChatController({
    session: { requestStreaming } as unknown as SidecarSession,
    history,
    chips,
    post: (message) => posted.push(message),
  });
  const questions = (): string[] =>
    posted.flatMap((message) => (message.type === 'turn' && message.question ? message.question.content : []));
  return {
    controller,
    chips,
    asked,
    questions,
    endings: () => posted.flatMap((message) => (message.type === 'ended' ? message.answer : [])),
  };
}

describe('a question in the chat panel', () => {
  for (const [what, question, verdict] of [
    ['missing', 'What does #file:b.ts do?', 'allowed'],
    ['secret', 'What does #file:a.ts do?', 'secret'],
    ['ignored', 'What does #file:a.ts do?', 'ignored'],
  ] as const) {
    it(`is asked, and the next one too, while the message stands that the file which it names is ${what}`, async () => {
      const { controller, asked, questions } = panel(verdict);
      await controller.send(question);
      await controller.send('And now?');
      assert.deepEqual(questions(), [question, 'And now?']);
      assert.deepEqual(
        asked.map(({ context }) => context),
        [[], []],
      );
      assert.equal(fake.messages.length, 1);
    });
  }

  it('is shown before what it names is found, and can be stopped then', async () => {
    const { controller, chips, asked, questions, endings } = panel();
    let found = (): void => undefined;
    fake.executeCommand = () => new Promise((resolve) => (found = () => resolve([])));
    const document = {
      uri: Uri.file('/ws/a.ts'),
      languageId: 'typescript',
      lineCount: 1,
      lineAt: () => ({ text: 'code' }),
      getText: () => 'code',
    };
    const place = { line: 0, character: 2 };
    fake.activeTextEditor = { document, selection: { start: place, end: place } };
    const sent = controller.send('/explain');
    await nextTurn();
    assert.deepEqual(questions(), ['/explain']);

    await controller.startNew();
    await sent;
    assert.equal(endings()[0]?.notice, 'Stopped.');
    found();
    await nextTurn();
    assert.deepEqual([chips.views, asked], [[], []]);
    await controller.send('Hello?');
    assert.deepEqual(
      asked.map(({ messages }) => messages),
      [[{ role: 'user', content: 'Hello?' }]],
    );
  });
});

describe('what a question names', () => {
  /** The request of a question that is asked while two lines of `/ws/a.ts` are selected. */
  async function requestOf(question: string, verdict: Verdict = 'allowed'): Promise<ChatParams | undefined> {
    const { controller, asked } = panel(verdict);
    const document = new FakeDocument(Uri.file('/ws/a.ts'), 'one\ntwo\nthree\n');
    fake.activeTextEditor = { document, selection: new Range(0, 0, 1, 3) };
    await controller.send(question);
    return asked[0];
  }

  const selection: ContextItem = {
    kind: 'selection',
    uri: 'file:///ws/a.ts',
    languageId: 'plaintext',
    lines: [0, 1],
    text: 'one\ntwo',
  };
  const cases: readonly (readonly [
    question: string,
    goes: Pick<ChatParams, 'workspace' | 'symbols' | 'context'>,
    reads: string,
  ])[] = [
    ['Where is the till?', { context: [] }, 'Where is the till?'],
    ['@workspace Where is the till?', { workspace: true, context: [] }, 'Where is the till?'],
    [
      'How do #symbol:Cart.total and #symbol:Till differ?',
      { symbols: ['Cart.total', 'Till'], context: [] },
      'How do `Cart.total` and `Till` differ?',
    ],
    ['@workspace Who calls #symbol:Till?', { workspace: true, symbols: ['Till'], context: [] }, 'Who calls `Till`?'],
    ['What does #selection do?', { context: [selection] }, 'What does the selected code do?'],
  ];
  for (const [question, goes, reads] of cases) {
    it(`goes with the request: ${question}`, async () => {
      const { workspace, symbols, context, messages } = (await requestOf(question)) ?? {};
      assert.deepEqual(
        { ...(workspace === undefined ? {} : { workspace }), ...(symbols ? { symbols } : {}), context },
        goes,
      );
      assert.deepEqual(messages, [{ role: 'user', content: reads }]);
    });
  }

  it('is eight symbols at most, as many as the sidecar takes', async () => {
    const names = Array.from({ length: 12 }, (_, number) => `name${number}`);
    assert.deepEqual((await requestOf(names.map((name) => `#symbol:${name}`).join(' ')))?.symbols, names.slice(0, 8));
  });

  it('does not go with it where it is the selection of a secret or ignored file', async () => {
    for (const verdict of ['secret', 'ignored'] as const)
      assert.deepEqual((await requestOf('What does #selection do?', verdict))?.context, []);
  });
});

describe('a conversation in the chat panel', () => {
  /** A panel whose model answers when it is stopped, a moment later. */
  function slowPanel() {
    fake.open(['/ws'], {});
    const asked: ChatParams[] = [];
    const requestStreaming = (
      _method: string,
      params: ChatParams,
      _onChunk: unknown,
      token: { isCancellationRequested: boolean; onCancellationRequested(listener: () => void): void },
    ): Promise<object> => {
      asked.push(params);
      return new Promise((resolve) => {
        const end = (): void => void setTimeout(() => resolve({ stopReason: 'cancelled' }), 10);
        if (token.isCancellationRequested) end();
        else token.onCancellationRequested(end);
      });
    };
    const history = new ChatHistory(
      { list: async () => [], read: async () => '', write: async () => undefined, remove: async () => undefined },
      (error) => assert.fail(String(error)),
    );
    const chips = new ContextChips({ check: async () => 'allowed' }, () => undefined);
    return {
      history,
      asked,
      controller: new ChatController({
        session: { requestStreaming } as unknown as SidecarSession,
        history,
        chips,
        post: () => undefined,
      }),
    };
  }

  it('holds no answer to a question of another one: a new one was begun while an answer was stopped for a question', async () => {
    const { controller, history } = slowPanel();
    const first = controller.send('One?');
    await nextTurn();
    const second = controller.send('Two?');
    await nextTurn();
    await controller.startNew();
    await Promise.all([first, second]);
    assert.deepEqual(controller.view.messages, []);
    assert.deepEqual(
      history.list().map(({ messages }) => messages.map(({ role }) => role)),
      [['user', 'assistant', 'user', 'assistant']],
    );
  });

  it('that is begun with a question has the context of that question alone', async () => {
    const { controller, asked } = slowPanel();
    const item = (text: string) => ({ kind: 'selection', text }) as const;
    const first = controller.askAnew('One?', [item('one')]);
    const second = controller.askAnew('Two?', [item('two')]);
    await first;
    await nextTurn();
    await controller.stop();
    await second;
    assert.deepEqual(
      asked.map(({ messages, context }) => [messages.length, context?.map(({ text }) => text)]),
      [
        [1, ['one']],
        [1, ['two']],
      ],
    );
  });

  it('that is opened again finds what its last question names when that is asked again', async () => {
    const { controller, chips, endings } = panel();
    await controller.send('What does #file:a.ts do?');
    const { id } = controller.view;
    await controller.startNew();
    await controller.open(id);
    assert.deepEqual(chips.views, []);
    await controller.retry(endings()[0]?.id as string);
    assert.deepEqual(
      chips.views.map(({ label }) => label),
      ['a.ts'],
    );
  });

  it('that is deleted takes its context along', async () => {
    const { controller, chips, asked } = panel();
    chips.addItem({ kind: 'selection', text: 'code of another' });
    await controller.send('One?');
    await controller.delete(controller.view.id);
    await controller.send('Two?');
    assert.deepEqual(
      asked.map(({ context }) => context?.map(({ text }) => text)),
      [['code of another'], []],
    );
  });
});
