import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { codeSegments, isSameCode } from '../../../../sidecar/chat/translate/codeSegments.ts';
import { placeholders } from '../../../../sidecar/chat/translate/placeholders.ts';
import { translatableTexts } from '../../../../sidecar/chat/translate/translatableTexts.ts';
import { translateCode } from '../../../../sidecar/chat/translate/translateCode.ts';
import { assertGrowsLinearly } from '../../../assertGrowsLinearly.ts';
import { typescriptTokens } from '../../../bench/translateComments/typescriptTokens.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');
const textsOf = async (code: string, languageId: string): Promise<readonly string[]> =>
  translatableTexts((await codeSegments(code, languageId)) ?? [], languageId).map(({ text }) => text);

describe('translatableTexts', () => {
  const cases: readonly (readonly [name: string, languageId: string, code: string, texts: readonly string[]])[] = [
    [
      'line and block comments',
      'typescript',
      '// Adds numbers.\nconst a = 1; /* not yet */\n',
      ['Adds numbers.', 'not yet'],
    ],
    [
      'documentation, its tags aside',
      'javascript',
      '/**\n * Adds two numbers.\n * @param {number} first - the first one\n * @returns {number} the sum\n */',
      ['Adds two numbers.', 'the first one', 'the sum'],
    ],
    [
      'Python',
      'python',
      'def f(x):\n    """Doubles it.\n\n    :param x: the number\n    """\n    return x * 2  # twice as much\n',
      ['Doubles it.', 'the number', 'twice as much'],
    ],
    ['shell, not its first line', 'shellscript', '#!/bin/sh\n# Cleans the folder\nrm -r "$1"\n', ['Cleans the folder']],
    ['SQL', 'sql', '-- All users\nSELECT * FROM users;', ['All users']],
    [
      'texts for people, not keys and paths',
      'javascript',
      "import a from 'some module';\nlog('file not found', 'utf-8', 'user.name', '/etc/passwd');",
      ['some module', 'file not found'],
    ],
    [
      'parts of a template',
      'javascript',
      'say(`Hello dear ${user.name}, welcome back`)',
      ['Hello dear', ', welcome back'],
    ],
    [
      'no code that is commented out, no words to tools',
      'javascript',
      '// const a = b(c);\n// eslint-disable-next-line no-console\n// @ts-expect-error it is wrong',
      [],
    ],
    ['other scripts', 'python', '# これは足し算です\nx = 1', ['これは足し算です']],
    ['no attributes of markup', 'html', '<p class="big box" title="Hello there">x</p><!-- the end -->', ['the end']],
  ];
  for (const [name, languageId, code, texts] of cases)
    test(name, async () => assert.deepEqual(await textsOf(code, languageId), texts));

  test('knows no language that is only a property name in JavaScript', async () =>
    assert.equal(await codeSegments('x', 'constructor'), undefined));

  test('finds nothing in code, or a line, that is too long for a grammar of quadratic time', async () => {
    const comment = '// Adds numbers.\n';
    for (const code of ['$'.repeat(60_000), `${comment}${'$'.repeat(1_001)}`, comment.repeat(10_000)])
      assert.equal(await codeSegments(code, 'java'), undefined);
    assert.deepEqual(await textsOf(`${comment}${'x'.repeat(1_000)}`, 'java'), ['Adds numbers.']);
  });

  test('takes one pass over a comment with thousands of spaces', () =>
    assertGrowsLinearly(3_000, (spaces) => {
      const text = `The total${' '.repeat(spaces)}of all`;
      assert.deepEqual(
        translatableTexts([{ kind: 'comment', text: `/* ${text}   */` }], 'typescript').map((found) => found.text),
        [text],
      );
    }));

  test('takes one pass over a line of thousands of stars', async () => {
    await assertGrowsLinearly(100_000, (stars) => {
      const text = `The total ${'*'.repeat(stars)} of all`;
      assert.deepEqual(translatableTexts([{ kind: 'comment', text: `/* ${text} ***/` }], 'typescript'), []);
    });
    assert.deepEqual(
      translatableTexts([{ kind: 'comment', text: '# The total of all ***/' }], 'typescript').map(
        (found) => found.text,
      ),
      ['The total of all'],
    );
  });
});

describe('Translated code', () => {
  const translated = async (
    languageId: string,
    target: string,
    translate: (text: string) => string,
    around: { before?: string; after?: string } = {},
  ): Promise<string | undefined> =>
    translateCode({ before: '', after: '', ...around, target, languageId }, async (text) => translate(text));

  test('has translations in place of their sources', async () => {
    const german: Record<string, string> = {
      'Adds numbers.': 'Addiert Zahlen.',
      'file {0} not found': 'Datei {0} nicht gefunden',
    };
    const code = '// Adds numbers.\nfunction add(a, b) {\n  throw new Error("file {0} not found");\n}\n';
    assert.equal(
      await translated('javascript', code, (text) => german[text] ?? ''),
      '// Addiert Zahlen.\nfunction add(a, b) {\n  throw new Error("Datei {0} nicht gefunden");\n}\n',
    );
  });

  const kept: readonly (readonly [name: string, languageId: string, code: string, translation: string])[] = [
    ['loses a placeholder', 'javascript', 'log("found %d of {name}")', 'gefunden %d'],
    ['renames a variable', 'javascript', '// call userName first', 'zuerst benutzerName rufen'],
    ['ends the comment', 'javascript', '/* the end */ x', 'das Ende */ y(); /*'],
    ['breaks the line', 'python', '# the end', 'das\nEnde'],
    ['ends a template', 'javascript', 'log(`all is well`)', 'alles `gut`'],
    ['is put in by code', 'javascript', 'log(`all is well`)', 'alles ${gut}'],
    ['is empty', 'javascript', '// the end', ' '],
  ];
  for (const [name, languageId, code, translation] of kept)
    test(`stays unchanged if a translation ${name}`, async () =>
      assert.equal(await translated(languageId, code, () => translation), code));

  test('escapes quotes of a translation', async () =>
    assert.equal(
      await translated('javascript', "log('what is the time')", () => "quelle est l'heure"),
      "log('quelle est l\\'heure')",
    ));
  test('handles a target that begins inside a comment', async () => {
    assert.equal(
      await translated('javascript', ' the end\n */\nlog(x)', () => 'das Ende', { before: '/* this is\n' }),
      ' das Ende\n */\nlog(x)',
    );
  });
  test('skips only the translations that change the code', async () => {
    const code = (text: (index: number) => string): string =>
      Array.from({ length: 9 }, (_, index) => `// ${text(index)}\nrun(${index});\n`).join('');
    const [english, german] = [
      (index: number): string => `the text number ${index}`,
      (index: number): string => `der Text Nummer ${index}`,
    ];
    // In C, a backslash continues a comment on the next line.
    const translate = (text: string): string =>
      text.replace('the text number', 'der Text Nummer').replace(/[15]$/, '$& \\');
    assert.equal(
      await translated('cpp', code(english), translate),
      code((index) => (index === 1 || index === 5 ? english(index) : german(index))),
    );
  });
  test('needs all the text before it to tell code from comments', async () => {
    const before = `def first():\n    """Says very much\n${'    a word and another one\n'.repeat(1_000)}    """\n\n\n`;
    const target = 'def second():\n    # the end\n    return "not found here"\n';
    assert.equal(
      await translated('python', target, () => 'das Ende', { before }),
      'def second():\n    # das Ende\n    return "das Ende"\n',
    );
  });
  test('needs the text after it to recognize a string that only begins in the target', async () => {
    const after = `${'    a word and another one\n'.repeat(1_000)}    """\n`;
    assert.equal(
      await translated('python', 'def first():\n    """Says very much\n', () => 'Sagt sehr viel', { after }),
      'def first():\n    """Sagt sehr viel\n',
    );
  });
  test('has correct offsets beside surrogate pairs, combining marks, full-width forms and mixed directions', async () => {
    const code = 'const 変数 = "𝒳́ ＡＢＣ שלום"; // 👩‍👩‍👧 the family\nconst é = 1; // the letter שלום עולם here\n';
    assert.equal(
      await translated('javascript', code, (text) =>
        text.includes('family') ? '👩‍👩‍👧 die Familie' : text.includes('letter') ? 'der Buchstabe' : '',
      ),
      'const 変数 = "𝒳́ ＡＢＣ שלום"; // 👩‍👩‍👧 die Familie\nconst é = 1; // der Buchstabe\n',
    );
  });
  test('does not exist for a language without a grammar', async () =>
    assert.equal(await translated('brainfuck', '+', () => 'x'), undefined));
});

test('keeps the code of all files in this repository', async () => {
  const files = ['sidecar/chat', 'extension', 'media'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => path.join(root, folder, file)),
  );
  assert.ok(files.length > 100);
  let count = 0;
  for (const file of files) {
    const target = readFileSync(file, 'utf8');
    const result =
      (await translateCode({ before: '', target, after: '', languageId: 'typescript' }, async (text) => {
        count++;
        return [`Übersetzt 'dies' "und" das:`, ...placeholders(text)].join(' ');
      })) ?? '';
    assert.ok(await isSameCode((await codeSegments(target, 'typescript')) ?? [], result, 'typescript'), file);
    assert.equal(typescriptTokens(result), typescriptTokens(target), file);
  }
  assert.ok(count > 500, `${count} texts`);
});
