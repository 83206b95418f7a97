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
    _type: unknown,
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
    it(`is asked, and so is the next one, while a message says that the named file is ${what}`, async () => {
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

  it('is shown before its named files are found, and can be stopped then', async () => {
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

describe('the mentions of a question', () => {
  /** Returns the request for a question that is asked while two lines of `/ws/a.ts` are selected. */
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
    it(`are sent with the request: ${question}`, async () => {
      const { workspace, symbols, context, messages } = (await requestOf(question)) ?? {};
      assert.deepEqual(
        { ...(workspace === undefined ? {} : { workspace }), ...(symbols ? { symbols } : {}), context },
        goes,
      );
      assert.deepEqual(messages, [{ role: 'user', content: reads }]);
    });
  }

  it('include at most eight symbols, the limit of the sidecar', async () => {
    const names = Array.from({ length: 12 }, (_, number) => `name${number}`);
    assert.deepEqual((await requestOf(names.map((name) => `#symbol:${name}`).join(' ')))?.symbols, names.slice(0, 8));
  });

  it('leave out the selection of a secret or ignored file', async () => {
    for (const verdict of ['secret', 'ignored'] as const)
      assert.deepEqual((await requestOf('What does #selection do?', verdict))?.context, []);
  });
});

describe('a conversation in the chat panel', () => {
  /** A panel whose model answers a moment after it is stopped. */
  function slowPanel() {
    fake.open(['/ws'], {});
    const asked: ChatParams[] = [];
    const requestStreaming = (
      _type: unknown,
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

  it('receives no answer to a question of another conversation if it is begun while an answer is being stopped', async () => {
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

  it('has only the context of its first question if it begins with one', async () => {
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

  it('finds the mentions of its last question again if it is reopened and the question is repeated', async () => {
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

  it('removes its context when it is deleted', async () => {
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
