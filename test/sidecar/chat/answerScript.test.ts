import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgeScript, type ScriptVerdict } from '../../../sidecar/chat/answerScript.ts';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';
import { ScriptedEngine } from '../completion/scriptedEngine.ts';

/** Endless runs of a character, as a looping model writes them. */
const endless: readonly (readonly [what: string, sign: string])[] = [
  ['backticks', '`'],
  ['tildes', '~'],
  ['full stops', '.'],
];

describe('judgeScript', () => {
  for (const [what, sign] of endless) {
    test(`takes one pass over endless ${what}`, () =>
      assertGrowsLinearly(4_000, (signs) => {
        const answer = `${sign.repeat(signs)} x`;
        for (let length = answer.length - 20; length <= answer.length; length++)
          assert.equal(judgeScript(answer.slice(0, length), 'de'), 'undecided');
      }));
  }

  const cases: readonly (readonly [language: string, beginning: string, verdict: ScriptVerdict])[] = [
    ['ja', 'この関数は', 'right'],
    ['ja', '`parseHeader` は JSON を', 'undecided'],
    ['ja', 'JavaScript の配列をつくる', 'right'],
    ['ja', 'This function returns the sum of both of its arguments.', 'wrong'],
    ['ja', '这个函数返回两个参数的和，如果没有参数，就返回零，这样调用者不需要检查参数的个数。', 'wrong'],
    ['zh-Hans', '这个函数', 'right'],
    ['zh-Hant', 'この関数は引数の合計をかえします。これはとてもべんりなので、よくつかわれます。', 'wrong'],
    ['ko', '이 함수는', 'right'],
    ['ru', 'Функция add складывает', 'right'],
    ['ru', 'The function adds two numbers and returns the sum.', 'wrong'],
    ['hi', 'यह फ़ंक्शन दो', 'right'],
    ['ar', '```js\nfunction add(first, second) { return first + second; }\n', 'undecided'],
    ['ar', '```js\nfunction add(first, second) {}\n```\nتجمع هذه الدالة', 'right'],
    ['de', 'Diese Funktion', 'undecided'],
    ['de', 'Diese Funktion gibt die Summe zurück', 'right'],
    ['de', 'In Python kann man `set` nehmen, und', 'right'],
    ['de', 'In Python, you can', 'undecided'],
    ['de', 'In Python, you can remove duplicates from any list by using the set. Then you get the unique', 'wrong'],
    ['fr', 'You can sort the values of any list by using the sort method, which changes it at once', 'wrong'],
    ['nl', 'You can sort the values of any list by using the sort method, which changes it at once', 'wrong'],
    ['de', 'Here is how you can do that:\n```python\n', 'wrong'],
    ['de', 'Beispiel:\n```python\nprint(1)\n', 'undecided'],
    ['es', '"Error: the value of this is not a function" significa que', 'undecided'],
    ['es', '"Error: the value of this is not a function" significa que la función', 'right'],
    ['fr', 'from math import sqrt for i in range if not i return', 'undecided'],
    ['de', '这个函数返回两个数的和', 'wrong'],
    ['en', 'The function', 'right'],
    ['en', 'Функция складывает', 'wrong'],
    ['de', '<think>The user wants', 'right'],
    ['de', '', 'undecided'],
  ];
  for (const [language, beginning, verdict] of cases) {
    test(`${language}: ${JSON.stringify(beginning.slice(0, 40))} is ${verdict}`, () =>
      assert.equal(judgeScript(beginning, language), verdict));
  }
});

describe('An answer in the wrong script', () => {
  const ask = async (
    answers: readonly string[],
    question: string,
  ): Promise<{ sent: string; prompts: number; text: string }> => {
    const engine = new ScriptedEngine();
    engine.answer = () => answers[Math.min(engine.generations.length, answers.length) - 1] ?? '';
    const service = new ChatService({ session: engine.session });
    let sent = '';
    const { text } = await service.chat(
      { conversationId: '1', messages: [{ role: 'user', content: question }] },
      {},
      (chunk) => (sent += chunk.text),
    );
    return { sent, prompts: engine.generations.length, text };
  };

  test('is generated again, and the first one is not shown', async () => {
    const right = 'この関数は引数を返します。';
    assert.deepEqual(
      await ask(['This function returns its argument, whatever that is.', right], 'この関数は何をしますか'),
      { sent: right, prompts: 2, text: right },
    );
  });

  test('is generated again only once: the second answer stays', async () => {
    const english = 'This function returns its argument, whatever that is.';
    assert.deepEqual(await ask([english, english], 'この関数は何をしますか'), {
      sent: english,
      prompts: 2,
      text: english,
    });
  });

  test('is also an English answer to a question in another language of Latin letters', async () => {
    const english = 'In Python, you can remove duplicates by using the set. Then you get the unique values at once.';
    const german = 'In Python entfernt man Duplikate mit einer Menge, wenn die Reihenfolge nicht zählt.';
    assert.deepEqual(await ask([english, german], 'Wie entferne ich doppelte Werte aus einer Liste in Python?'), {
      sent: german,
      prompts: 2,
      text: german,
    });
    assert.deepEqual(await ask([german], 'Wie entferne ich doppelte Werte aus einer Liste in Python?'), {
      sent: german,
      prompts: 1,
      text: german,
    });
  });

  for (const question of ['Übersetze diesen Kommentar ins Englische', 'Schreibe mir ein README für dieses Programm'])
    test(`is no English answer to: ${question}`, async () => {
      const english = 'You can use the shop by starting the program, which then shows what you can do with it.';
      assert.deepEqual(await ask([english], question), { sent: english, prompts: 1, text: english });
    });

  test('is not held back for long if its language is not clear', async () => {
    const engine = new ScriptedEngine();
    const answer = `Beispiel:\n\n\`\`\`js\n${'add(1, 2);\n'.repeat(40)}\`\`\``;
    engine.answer = () => answer;
    const lengths: number[] = [];
    await new ChatService({ session: engine.session }).chat(
      { conversationId: '1', messages: [{ role: 'user', content: 'Wie benutze ich diese Funktion?' }] },
      {},
      ({ text }) => lengths.push(text.length),
    );
    assert.ok((lengths[0] as number) < 250, `the first piece has ${lengths[0]} units`);
  });

  test('is told apart from an answer in the right script, which is sent whole', async () => {
    const answer = '`add` はたし算をします。\n```js\nadd(1, 2);\n```\n';
    assert.deepEqual(await ask([answer], 'この関数は何をしますか'), { sent: answer, prompts: 1, text: answer });
  });

  test('is told apart from an answer of code alone', async () => {
    const answer = '```js\nadd(1, 2);\n```';
    assert.deepEqual(await ask([answer], 'この関数の例を書いて'), { sent: answer, prompts: 1, text: answer });
  });

  test('that begins with code is not recognized: the code is sent as it is written', async () => {
    const engine = new ScriptedEngine();
    const answer = `\`\`\`js\n${'add(1, 2);\n'.repeat(40)}\`\`\``;
    engine.answer = () => answer;
    const lengths: number[] = [];
    const service = new ChatService({ session: engine.session });
    await service.chat(
      { conversationId: '1', messages: [{ role: 'user', content: 'Schreibe ein Beispiel für diese Funktion' }] },
      {},
      ({ text }) => lengths.push(text.length),
    );
    assert.ok(
      (lengths[0] as number) < 250 && lengths.length > 100,
      `${lengths.length} pieces, the first of ${lengths[0]} units`,
    );
    assert.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      answer.length,
    );
  });

  test('that is still undecided is sent if the engine crashes', async () => {
    const engine = new ScriptedEngine();
    const written = '```js\nadd(1, 2);\n';
    engine.answer = () => `${written}add(2, 3);`;
    let sent = '';
    let pieces = 0;
    engine.pace = async () => {
      if (pieces++ === written.length) throw new Error('It fell.');
    };
    const service = new ChatService({ session: engine.session });
    await assert.rejects(
      service.chat(
        { conversationId: '1', messages: [{ role: 'user', content: 'Write an example' }] },
        {},
        ({ text }) => (sent += text),
      ),
      /It fell/,
    );
    assert.equal(sent, written);
  });
});
