import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commentLanguage } from '../../../sidecar/chat/edit/commentLanguage.ts';

describe("The language of a file's comments", () => {
  const cases: readonly (readonly [languageId: string, code: string, language: string | undefined])[] = [
    [
      'typescript',
      '// Addiert zwei Zahlen und gibt die Summe zurück.\nfunction add(first: number, second: number) {}\n',
      'de',
    ],
    ['python', 'def total(values):\n    """値の合計を返します。"""\n    return sum(values)\n', 'ja'],
    ['javascript', "throw new Error('Не удалось открыть файл');\n", 'ru'],
    ['typescript', '// Adds two numbers and returns their sum.\nfunction add() {}\n', undefined],
    ['typescript', 'const a = 1;\n', undefined],
    ['typescript', `// Addiert zwei Zahlen und gibt die Summe zurück.\n${'const a = 1;\n'.repeat(20_000)}`, 'de'],
    ['brainfuck', '+ eine Sprache ohne Grammatik', undefined],
  ];
  for (const [languageId, code, language] of cases)
    test(`${languageId} ${JSON.stringify(code.slice(0, 30))}: ${language ?? 'none'}`, async () =>
      assert.equal(await commentLanguage(code, languageId), language));
});
