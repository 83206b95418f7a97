import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import { Announcer } from '../../../media/chat/announcer.ts';
import { ConversationPane } from '../../../media/chat/conversationPane.ts';
import { MarkdownRenderer } from '../../../media/chat/markdown.ts';
import type { ChatStrings, ConversationView, MessageView, Source } from '../../../media/chat/messages.ts';
import { ReadingPosition } from '../../../media/chat/readingPosition.ts';

const { window } = new JSDOM('', { pretendToBeVisual: true });
const { document, Element, HTMLElement, HTMLPreElement } = window;
const requestAnimationFrame = window.requestAnimationFrame.bind(window);
const cancelAnimationFrame = window.cancelAnimationFrame.bind(window);
Object.assign(globalThis, {
  document,
  Element,
  HTMLElement,
  HTMLPreElement,
  requestAnimationFrame,
  cancelAnimationFrame,
});
const strings = new Proxy({}, { get: (_, name) => String(name) }) as ChatStrings;

const CONTENT_PX = 1_000;
const PANE_PX = 200;

/** The page state that VS Code keeps while the page is destroyed. */
function pageState(): { getState(): unknown; setState(state: unknown): void } {
  let kept: unknown;
  return { getState: () => kept, setState: (state) => (kept = structuredClone(state)) };
}

/** A pane with the layout above, since jsdom has no layout. */
function pane(state = pageState()) {
  let resized = (): void => undefined;
  class ResizeObserver {
    constructor(callback: () => void) {
      resized = callback;
    }

    observe(): void {}
  }
  Object.assign(globalThis, { ResizeObserver });
  const copied: string[] = [];
  const retried: string[] = [];
  const opened: Source[] = [];
  const ran: string[] = [];
  const nothing = (): void => undefined;
  const shown = new ConversationPane({
    strings,
    commands: [{ name: 'explain', description: 'Explain the selected code' }],
    renderer: new MarkdownRenderer(window),
    announcer: new Announcer(document.createElement('div')),
    position: new ReadingPosition(state),
    actions: {
      copy: (text) => copied.push(text),
      insert: nothing,
      apply: nothing,
      retry: (id) => retried.push(id),
      openSource: (source) => opened.push(source),
      runRemedy: (command) => ran.push(command),
    },
    openLink: nothing,
    chooseCommand: nothing,
    chooseModel: nothing,
  });
  const { root } = shown;
  Object.defineProperties(root, { scrollHeight: { value: CONTENT_PX }, clientHeight: { value: PANE_PX } });
  const scrollTo = (top: number): void => {
    root.scrollTop = top;
    root.dispatchEvent(new window.Event('scroll'));
  };
  const buttons = (name: string): HTMLButtonElement[] =>
    [...root.querySelectorAll('button')].filter((button) => button.title === name);
  return { pane: shown, root, copied, retried, opened, ran, buttons, scrollTo, grow: () => resized() };
}

const question = (id: string): MessageView => ({ id, role: 'user', content: 'Why?' });
const answer = (id: string, content = 'So.'): MessageView => ({ id, role: 'assistant', content });
const conversation = (id = 'one'): ConversationView => ({
  id,
  messages: [question('q1'), answer('a1'), question('q2'), answer('a2')],
});

describe('the reading position', () => {
  it('is the same when the page comes back', () => {
    const state = pageState();
    const before = pane(state);
    before.pane.show(conversation());
    assert.equal(before.root.scrollTop, CONTENT_PX);
    before.scrollTo(300);

    const back = pane(state);
    back.pane.show(conversation());
    assert.equal(back.root.scrollTop, 300);
    back.grow();
    assert.equal(back.root.scrollTop, 300, 'an answer that grows');
  });

  it('is the top of the welcome, and the end once there is a question', () => {
    const { pane: shown, root, grow } = pane();
    shown.show({ id: 'new', messages: [] });
    grow();
    assert.equal(root.scrollTop, 0);
    shown.addQuestion(question('q1'));
    grow();
    assert.equal(root.scrollTop, CONTENT_PX);
  });

  it('is the end, which the page keeps following, if it was the end before or in another conversation', () => {
    const state = pageState();
    const before = pane(state);
    before.pane.show(conversation());
    before.scrollTo(300);
    before.scrollTo(CONTENT_PX - PANE_PX);
    const back = pane(state);
    back.pane.show(conversation());
    assert.equal(back.root.scrollTop, CONTENT_PX);

    back.scrollTo(300);
    const other = pane(state);
    other.pane.show(conversation('two'));
    assert.equal(other.root.scrollTop, CONTENT_PX);
  });

  it('is the end of an answer that begins', () => {
    const { pane: shown, root, scrollTo, grow } = pane();
    shown.show(conversation());
    scrollTo(300);
    shown.addQuestion(question('q3'));
    shown.addAnswer(answer('a3', ''), true);
    grow();
    assert.equal(root.scrollTop, CONTENT_PX);
  });

  it('is restored in an answer that is still being written, since its text so far is shown at once', () => {
    const { pane: shown, root } = pane();
    shown.show({ id: 'one', messages: [question('q1'), answer('a1', 'Some words')], streamingId: 'a1' });
    assert.equal(root.querySelector('.answer .body')?.textContent?.trim(), 'Some words');
  });
});

describe('an answer that failed', () => {
  it('shows the buttons that help, and runs the command of the pressed one', () => {
    const { pane: shown, root, ran } = pane();
    const remedies = [
      { title: 'Choose Model…', command: 'chorus.chooseModel' },
      { title: 'Open Output', command: 'chorus.showOutput' },
    ];
    shown.show({
      id: 'one',
      messages: [question('q1'), { ...answer('a1', ''), notice: 'No.', failed: true, remedies }],
    });
    const buttons = [...root.querySelectorAll<HTMLButtonElement>('.answer-actions button')];
    assert.deepEqual(
      buttons.map(({ textContent }) => textContent),
      ['retry', 'Choose Model…', 'Open Output'],
    );
    buttons.at(-1)?.click();
    assert.deepEqual(ran, ['chorus.showOutput']);
  });
});

describe('an answer that can be requested again', () => {
  it('is the last one: no other answer has the button', () => {
    const { pane: shown, retried, buttons } = pane();
    shown.show(conversation());
    assert.equal(buttons('retry').length, 1);
    shown.addQuestion(question('q3'));
    shown.addAnswer(answer('a3', ''), true);
    assert.equal(buttons('retry').length, 0);
    shown.endAnswer(answer('a3', ''));
    for (const button of buttons('retry')) button.click();
    assert.deepEqual(retried, ['a3']);
  });

  it('is not an answer whose next question came before its end', () => {
    const { pane: shown, buttons } = pane();
    shown.show({ ...conversation(), streamingId: 'a2' });
    shown.addQuestion(question('q3'));
    shown.endAnswer(answer('a2'));
    assert.equal(buttons('retry').length, 0);
  });
});

describe('the sources of an answer', () => {
  const sources: readonly Source[] = [
    { uri: 'file:///ws/shop/cart.ts', line: 9, label: 'shop/cart.ts:10-24' },
    { uri: 'file:///ws/<b>.ts', line: 0, label: '<b>.ts:1-3' },
  ];
  const listed = (root: HTMLElement): (string | null)[] =>
    [...root.querySelectorAll('.answer .sources li button')].map((link) => link.textContent);

  for (const [when, show] of [
    [
      'when it ends',
      (shown: ConversationPane) => {
        shown.addQuestion(question('q1'));
        shown.addAnswer(answer('a1', ''), true);
        shown.appendChunk('a1', 'So.');
        shown.endAnswer({ ...answer('a1'), sources });
      },
    ],
    [
      'when the conversation is opened again',
      (shown: ConversationPane) => shown.show({ id: 'one', messages: [question('q1'), { ...answer('a1'), sources }] }),
    ],
  ] as const) {
    it(`are listed below it by their names, as links, ${when}`, () => {
      const { pane: shown, root, opened } = pane();
      show(shown);
      assert.deepEqual(listed(root), ['shop/cart.ts:10-24', '<b>.ts:1-3']);
      assert.equal(root.querySelector('.sources summary')?.textContent, 'sources (2)');
      for (const link of root.querySelectorAll<HTMLButtonElement>('.sources li button')) link.click();
      assert.deepEqual(opened, sources);
    });
  }

  it('have no list if there are none, or while the answer is written', () => {
    const { pane: shown, root } = pane();
    shown.show({ id: 'one', messages: [question('q1'), { ...answer('a1'), sources: [] }, question('q2')] });
    shown.addAnswer({ ...answer('a2'), sources }, true);
    assert.equal(root.querySelector('.sources'), null);
  });

  it('are not copied with the answer', () => {
    const { pane: shown, copied, buttons } = pane();
    shown.show({ id: 'one', messages: [question('q1'), { ...answer('a1'), sources }] });
    for (const button of buttons('copy')) button.click();
    assert.deepEqual(copied, ['So.']);
  });
});

describe('the copy of an answer', () => {
  const cases: readonly (readonly [content: string, copy: string | undefined])[] = [
    ['  return 1;\n', '  return 1;'],
    ['<think>hm</think>\n\n**Yes.**', '**Yes.**'],
    ['<think>hm', undefined],
    ['a <think> b', 'a <think> b'],
  ];
  for (const [content, copy] of cases) {
    it(`of ${JSON.stringify(content)} is ${copy === undefined ? 'not offered' : JSON.stringify(copy)}`, () => {
      const { pane: shown, copied, buttons } = pane();
      shown.show({ id: 'one', messages: [question('q1'), answer('a1', content)] });
      for (const button of buttons('copy')) button.click();
      assert.deepEqual(copied, copy === undefined ? [] : [copy]);
    });
  }
});

describe('an empty conversation', () => {
  const isShown = (element: HTMLElement, selector: string): boolean =>
    !(element.querySelector(selector) as HTMLElement).hidden;

  it('warns of the bundled model, and suggests questions', () => {
    const { pane: shown, root } = pane();
    shown.showModel({ isBundled: true, place: 'here' });
    assert.deepEqual([isShown(root, '.model-notice'), isShown(root, '.suggestions')], [true, true]);
  });

  it('suggests the same questions without a warning if another model answers', () => {
    const { pane: shown, root } = pane();
    shown.showModel({ isBundled: true, place: 'here' });
    shown.showModel({ isBundled: false, place: 'here' });
    assert.deepEqual([isShown(root, '.model-notice'), isShown(root, '.suggestions')], [false, true]);
  });
});
