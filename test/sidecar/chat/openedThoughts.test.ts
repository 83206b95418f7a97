import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
import type { TokenId } from '../../../sidecar/protocol/engine.ts';
import { ScriptedEngine } from '../completion/scriptedEngine.ts';

/** An engine of a model whose template's prompts end with `end`. It gives the answers in turn. */
function reasoningEngine(end: string, ...answers: readonly string[]): ScriptedEngine {
  const engine = new ScriptedEngine([], { chatTemplate: '{{ messages }}<think>' });
  engine.chatTemplate = async (): Promise<readonly TokenId[]> =>
    engine.tokenize(`<user>${'what else is asked '.repeat(4)}${end}`);
  engine.answer = () => answers[engine.generations.length - 1] ?? '';
  return engine;
}

async function ask(
  engine: ScriptedEngine,
  question: string,
): Promise<{ readonly sent: string; readonly text: string }> {
  let sent = '';
  const { text } = await new ChatService({ session: engine.session }).chat(
    { conversationId: '1', messages: [{ role: 'user', content: question }] },
    {},
    (chunk) => (sent += chunk.text),
  );
  return { sent, text };
}

describe('Thoughts that a template opens', () => {
  test('are separated from the answer by the mark at the prompt’s end', async () => {
    const engine = reasoningEngine('<assistant><think>\n', 'The user greets.\n</think>\n\nHello!');
    const whole = '<think>\nThe user greets.\n</think>\n\nHello!';
    assert.deepEqual(await ask(engine, 'Good morning, and how are you?'), { sent: whole, text: whole });
  });

  test('in English do not cause a second try of an answer in another language', async () => {
    const engine = reasoningEngine(
      '<assistant><think>\n',
      'The user wants to know what this function does.\n</think>\n\nОна складывает.',
    );
    assert.match((await ask(engine, 'Что делает эта функция?')).sent, /^<think>\nThe user wants[^]*складывает\.$/);
    assert.equal(engine.generations.length, 1);
  });

  test('are not added if the template leaves the mark to the model, or closes the thoughts', async () => {
    for (const end of ['<assistant>', '<assistant><think>\n\n</think>\n\n'])
      assert.deepEqual(await ask(reasoningEngine(end, 'Hello!'), 'Good morning, and how are you?'), {
        sent: 'Hello!',
        text: 'Hello!',
      });
  });
});
