import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JSDOM } from 'jsdom';
import type { Token } from 'markdown-it';
import { MarkdownRenderer } from '../../../media/chat/markdown.ts';
import { ThinkingSplitter } from '../../../media/chat/thinking.ts';

const { window } = new JSDOM('');
const renderer = new MarkdownRenderer(window);

function render(text: string): HTMLElement {
  const root = window.document.createElement('div');
  for (const block of renderer.blocks(text)) root.append(renderer.render(block));
  return root;
}

function sanitised(html: string): HTMLElement {
  const root = window.document.createElement('div');
  root.append(renderer.sanitise(html));
  return root;
}

const ACTIVE = 'script,img,svg,iframe,object,embed,style,link,meta,form,input,video,audio,base,math,template';

function assertHarmless(root: HTMLElement): void {
  assert.equal(root.querySelectorAll(ACTIVE).length, 0, root.innerHTML);
  for (const node of root.querySelectorAll('*')) {
    for (const { name, value } of node.attributes) {
      assert.match(name, /^(class|dir|href|start|title)$/, root.innerHTML);
      if (name === 'href') assert.match(value, /^https?:\/\//i);
    }
  }
}

/** Asserts that markdown-it's tokens contain no HTML and that links lead to pages. Images become links afterwards. */
function assertPlain(tokens: readonly Token[]): void {
  for (const token of tokens) {
    assert.doesNotMatch(token.type, /^html/, token.content);
    const address = token.attrGet('href') ?? token.attrGet('src');
    if (address !== null) assert.match(String(address), /^https?:\/\//i);
    assertPlain(token.children ?? []);
  }
}

const attacks: readonly string[] = [
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](command:workbench.action.terminal.new)',
  '[x](vscode://extension/evil)',
  '[x](data:text/html;base64,PHNjcmlwdD4=)',
  '[x](file:///etc/passwd)',
  '<command:workbench.action.quit>',
  '![x](http://evil.test/pixel.png)',
  '![x](data:image/svg+xml;base64,PHN2Zz4=)',
  '![x" onerror="alert(1)](http://evil.test/a.png)',
  '<img src=http://evil.test/a.png onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<iframe src="http://evil.test"></iframe>',
  '<!-- comment --><script>alert(1)</script>',
  '<style>@import "http://evil.test"</style>',
  '<a href="javascript:alert(1)" onclick="alert(1)">x</a>',
  '[x]: javascript:alert(1)\n\n[x]',
  '```html\n<script>alert(1)</script><img src=x onerror=alert(1)>\n```',
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  '| a |\n|:-:|\n| <svg onload=alert(1)> |',
  '[x](http://ok.test "\\" onmouseover=\\"alert(1)")',
  '<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>',
];

describe('an answer contains nothing active', () => {
  for (const attack of attacks) {
    test(`Markdown: ${attack.split('\n')[0]}`, () => assertHarmless(render(attack)));
    test(`sanitiser alone: ${attack.split('\n')[0]}`, () => assertHarmless(sanitised(attack)));
    test(`parser alone: ${attack.split('\n')[0]}`, () =>
      assertPlain(renderer.blocks(attack).flatMap(({ tokens }) => tokens)));
  }

  test('sanitiser alone: few attributes stay', () => {
    const paragraph = sanitised(
      '<p class="a" dir="auto" style="position:fixed" id="b" name="c" onclick="d()" data-e="f" aria-label="g" title="h" role="i" slot="j">x</p>',
    ).querySelector('p');
    assert.deepEqual([...(paragraph?.attributes ?? [])].map(({ name }) => name).sort(), ['class', 'dir', 'title']);
  });

  for (const address of [
    'data:text/html,x',
    'data:image/png;base64,AA==',
    'javascript:alert(1)',
    'vbscript:x',
    'file:///etc/passwd',
    'command:x',
    'blob:x',
    '/x',
    '#x',
  ]) {
    test(`sanitiser alone: a link to ${address} leads nowhere`, () =>
      assert.equal(sanitised(`<a href="${address}">x</a>`).querySelector('a')?.hasAttribute('href'), false));
  }
});

describe('Markdown', () => {
  test('images become links: nothing is loaded', () => {
    assert.equal(
      render('![a cat](http://site.test/cat.png)').querySelector('a')?.getAttribute('href'),
      'http://site.test/cat.png',
    );
  });
  test('an image without an address becomes text, not a link', () => {
    const root = render('![a cat]()');
    assert.equal(root.textContent.trim(), 'a cat');
    assert.equal(root.querySelector('a'), null);
  });
  test('code is coloured and keeps its text', () => {
    const code = render('```ts\nconst a = "<b>";\n```').querySelector('code');
    assert.equal(code?.textContent, 'const a = "<b>";\n');
    assert.ok(code?.querySelector('.hljs-keyword'));
  });
  test('words find their direction by themselves', () =>
    assert.equal(render('שלום `x`').querySelector('p')?.getAttribute('dir'), 'auto'));
  test('tables are aligned by class, not by inline style', () =>
    assert.ok(render('| a |\n|--:|\n| 1 |').querySelector('td.align-right')));
  test('blocks rendered one by one equal the whole rendered at once', () => {
    const text = '# A\n\ntext\n\n- a\n- b\n\n```js\nx\n```\n\nend';
    assert.deepEqual(
      renderer.blocks(text).map(({ line }) => line),
      [0, 2, 4, 7, 11],
    );
  });

  test('an empty address is no link', () => {
    const root = render('[empty]() and [page](https://example.com)');
    assert.deepEqual(
      [...root.querySelectorAll('a')].map((link) => link.getAttribute('href')),
      [null, 'https://example.com'],
    );
    assert.equal(root.textContent?.trim(), 'empty and page');
  });

  test('a text with a part of a character is shown', () => {
    assert.equal(render('before \ude00 *after*').textContent?.trim(), 'before \ufffd after');
    assert.equal(render('\ud83d\ude00').textContent?.trim(), '\ud83d\ude00');
  });
});

test("a model's thoughts are split from its answer, wherever the stream is cut", () => {
  const text = '<think>hm, <b></think>\n\nYes.';
  for (let size = 1; size < text.length; size += 1) {
    const splitter = new ThinkingSplitter();
    let thought = '';
    let answer = '';
    const take = (part: { thought: string; answer: string }): void => {
      thought += part.thought;
      answer += part.answer;
    };
    for (let at = 0; at < text.length; at += size) take(splitter.append(text.slice(at, at + size)));
    take(splitter.finish());
    assert.deepEqual([thought, answer.trim()], ['hm, <b>', 'Yes.'], `pieces of ${size}`);
  }
});
