import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cutText, levelSizes, oldestTurnsToDrop } from '../../../sidecar/chat/budget.ts';
import {
  cleanCommitMessage,
  cleanCommitSubject,
  isCommitMessage,
  splitDiff,
} from '../../../sidecar/chat/commitMessage.ts';
import { fitToTarget, outdent } from '../../../sidecar/chat/edit/indentation.ts';
import { trimEcho } from '../../../sidecar/chat/edit/trimEcho.ts';
import { parseCommand } from '../../../sidecar/chat/commands/index.ts';
import { codeBehindFence, extractCode, fenceFor, withoutThinking } from '../../../sidecar/chat/fences.ts';

describe('extractCode', () => {
  const cases: readonly [name: string, answer: string, code: string][] = [
    ['one block', 'Here:\n```ts\nconst a = 1;\n```\nDone.', 'const a = 1;'],
    ['the longest of several', '```\na\n```\n```js\nlet longer = 2;\n```', 'let longer = 2;'],
    ['a block that never closes', '```ts\nfoo();\nbar();', 'foo();\nbar();'],
    ['no fence at all', 'foo();\n', 'foo();'],
    ['only a closing fence', 'foo();\n```', 'foo();'],
    ['a longer fence around a fence', '````md\n```ts\nx\n```\n````', '```ts\nx\n```'],
    ['thoughts before the block', '<think>```\nno\n```</think>\n```\nyes\n```', 'yes'],
    ['inner indentation and CRLF', '```\r\n  a\r\n    b\r\n```', '  a\n    b'],
  ];
  for (const [name, answer, code] of cases) test(name, () => assert.equal(extractCode(answer), code));
  test('a fence is longer than those in the text', () => {
    assert.equal(fenceFor('plain'), '```');
    assert.equal(fenceFor('a\n````\nb'), '`````');
  });
  test('a fence is longer than those in a text with more fences than a function call can take', () =>
    assert.equal(fenceFor('```\n'.repeat(500_000)), '````'));
});

describe('codeBehindFence: an answer', () => {
  const cases: readonly [name: string, answer: string, fence: string, code: string][] = [
    ['is code', 'foo();\nbar();\n', '```', 'foo();\nbar();'],
    [
      'keeps the blocks that the code holds',
      'def f():\n    """\n    ```\n    f()\n    ```\n    """\n    return 1\n',
      '```',
      'def f():\n    """\n    ```\n    f()\n    ```\n    """\n    return 1',
    ],
    [
      'keeps a block that it begins with, where the fence is longer',
      '```sh\nls\n```\nMore.\n',
      '````',
      '```sh\nls\n```\nMore.',
    ],
    ['may open the block once more', '```ts\nfoo();\n', '```', 'foo();'],
    ['may close it indented', 'foo();\n  ```\n', '```', 'foo();'],
    [
      'may close it by fewer signs, behind a block that the code holds',
      '```ts\nfoo();\n```\nbar();\n```',
      '````',
      '```ts\nfoo();\n```\nbar();',
    ],
    ['may end with a block inside the code', 'Usage:\n```ts\nfoo();\n```\n', '````', 'Usage:\n```ts\nfoo();\n```'],
    [
      'keeps what it says of thoughts',
      "const end = '</think>';\nuse(end);\n",
      '```',
      "const end = '</think>';\nuse(end);",
    ],
    ['loses its thoughts', '<think>\nso\n</think>\nfoo();\n', '```', 'foo();'],
  ];
  for (const [name, answer, fence, code] of cases) test(name, () => assert.equal(codeBehindFence(answer, fence), code));
});

describe('withoutThinking removes thoughts', () => {
  const cases: readonly [name: string, answer: string, said: string][] = [
    ['that the answer opens itself', '<think>a\n</think>\n\nYes, as `</think>` says.', 'Yes, as `</think>` says.'],
    ['that the prompt opened', 'It is so.\n</think>\n\nYes.', 'Yes.'],
    ['of an unfinished answer', '<think>It is', ''],
    [
      'but not what names their mark',
      "```ts\nconst end = '</think>';\n```\nDone.",
      "```ts\nconst end = '</think>';\n```\nDone.",
    ],
  ];
  for (const [name, answer, said] of cases) test(name, () => assert.equal(withoutThinking(answer), said));
});

describe('a slash command', () => {
  test('is separated from the message that begins with it', () =>
    assert.deepEqual(parseCommand('/fix this'), { command: 'fix', text: 'this' }));
  test('needs a known name', () => {
    for (const message of ['/constructor of what?', '/usr is full', 'and /fix'])
      assert.deepEqual(parseCommand(message), { text: message });
  });
});

describe('fitting new code to its place', () => {
  const fit = (code: string, target: string, before = ''): string => fitToTarget(code, target, outdent(target, before));
  test('removes indentation for the model and restores it', () => {
    assert.equal(outdent('    if (a) {\n      b();\n    }\n', '').text, 'if (a) {\n  b();\n}\n');
    assert.equal(fit('if (a) {\n  c();\n}', '    if (a) {\n      b();\n    }\n'), '    if (a) {\n      c();\n    }\n');
  });
  test('handles a selection that begins after the indentation', () => {
    assert.equal(fit('return [\n  2,\n];', 'return 1;', 'function f() {\n  '), 'return [\n    2,\n  ];');
  });
  test('keeps the file’s tabs and line ends', () =>
    assert.equal(fit('if (a) {\n    c();\n}', '\tif (a) {\r\n\t\tb();\r\n\t}'), '\tif (a) {\r\n\t\tc();\r\n\t}'));
  test('adds no final line break', () => assert.equal(fit('x = 2\n\n', 'x = 1'), 'x = 2'));
});

describe('trimEcho', () => {
  const surroundings = {
    before: 'import a from "a";\n\n',
    target: 'function f() {\n  return 1;\n}',
    after: '\n\nfunction g() {}\n',
  };
  test('removes repeated lines before and after the target', () => {
    assert.equal(
      trimEcho('import a from "a";\n\nfunction f() {\n  return 2;\n}\n\nfunction g() {}', surroundings).trim(),
      'function f() {\n  return 2;\n}',
    );
  });
  test('keeps everything else', () =>
    assert.equal(trimEcho('function f() {\n  return 2;\n}', surroundings), 'function f() {\n  return 2;\n}'));
});

describe('the budget', () => {
  test('lowers the largest sizes first', () => {
    assert.deepEqual(levelSizes([100, 10, 50], 200), [100, 10, 50]);
    assert.deepEqual(levelSizes([100, 10, 50], 90), [40, 10, 40]);
    assert.deepEqual(levelSizes([5, 5], 0), [0, 0]);
  });
  test('drops whole old turns, but never the question', () => {
    assert.equal(oldestTurnsToDrop([10, 10, 10], 100), 0);
    assert.equal(oldestTurnsToDrop([500], 100), 0);
    assert.equal(oldestTurnsToDrop([60, 60, 10], 100), 2);
  });
  test('drops the same turns one turn later, so that the prefix stays', () => {
    const sizes = [30, 30, 30, 30, 30];
    const dropped = oldestTurnsToDrop(sizes, 100);
    assert.ok(dropped > 0);
    assert.equal(oldestTurnsToDrop([...sizes, 5, 5], 100), dropped);
  });
  test('cuts a text at the end of a line', () => assert.equal(cutText('aaaa\nbbbb\ncccc', 14, 11), 'aaaa\nbbbb'));
});

describe('commit messages', () => {
  const cases: readonly [string, string][] = [
    ['```\nFix the parser\n```', 'Fix the parser'],
    ['Commit message: "Fix the parser."', 'Fix the parser'],
    [
      "Here's a commit message:\n\nFix the parser\n\nIt lost the last line.",
      'Fix the parser\n\nIt lost the last line.',
    ],
  ];
  for (const [answer, message] of cases)
    test(answer.replaceAll('\n', ' '), () => assert.equal(cleanCommitMessage(answer), message));
  test('keep the complete sentences of an answer that was cut', () => {
    assert.equal(
      cleanCommitMessage('Fix the parser\n\nIt lost the last line. The reason is that', true),
      'Fix the parser\n\nIt lost the last line.',
    );
    assert.equal(cleanCommitMessage('Fix the parser\n\nIt lost the', true), 'Fix the parser');
    assert.equal(cleanCommitMessage('Fix the parser so that it does', true), '');
  });
  const none: readonly [string, string][] = [
    ['prose', `This change ${'really '.repeat(10)}matters`],
    ['the diff', 'diff --git a/x.ts b/x.ts\n+b'],
    ['code', 'return total;'],
    ['nothing', ''],
    ['a sign', '```'],
  ];
  for (const [what, answer] of none)
    test(`exclude ${what}`, () => assert.equal(isCommitMessage(cleanCommitMessage(answer)), false));
  test('include a subject that fills the line', () => assert.equal(isCommitMessage(`Add ${'x'.repeat(68)}`), true));

  const subjects: readonly [answer: string, isCut: boolean, subject: string][] = [
    ['Add a currency', false, 'Add a currency'],
    ['Add a currency. It is the euro and', true, 'Add a currency'],
    ['Add a currency that is used by the', true, 'Add a currency that is used'],
    ['Update to v1.2 of the parser', false, 'Update to v1.2 of the parser'],
    [
      `Add a currency to the cart, so that totals are shown with it and the ${'user '.repeat(9)}knows`,
      false,
      'Add a currency to the cart, so that totals are shown',
    ],
  ];
  for (const [answer, isCut, subject] of subjects)
    test(`subject: ${answer.slice(0, 40)}`, () => assert.equal(cleanCommitSubject(answer, isCut), subject));

  test('a diff is split by file', () => {
    const diff =
      'diff --git a/x.ts b/x.ts\n--- a/x.ts\n+++ b/x.ts\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/y.ts b/y.ts\ndeleted file mode 100644\n';
    assert.deepEqual(
      splitDiff(diff).map(({ name }) => name),
      ['x.ts', 'y.ts'],
    );
  });
});
