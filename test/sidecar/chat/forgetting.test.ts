import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
import { ScriptedEngine } from '../completion/scriptedEngine.ts';

function askIn(service: ChatService, conversationId: string): Promise<unknown> {
  return service.generate({ prompt: 'hello', conversationId }, {}, () => undefined);
}

describe('A client that left', () => {
  test('loses its own conversations in the engine, and no others', async () => {
    const engine = new ScriptedEngine();
    const service = new ChatService({ session: engine.session });
    for (const id of ['1:a/x', '1:a/y', '2:a/x', '11:a/x']) await askIn(service, id);
    await service.forgetConversations('1:a/');
    assert.deepEqual(engine.released.sort(), ['chat:1:a/x', 'chat:1:a/y']);
  });

  test('is not remembered if it left while its prompt was made', async () => {
    const engine = new ScriptedEngine();
    const service = new ChatService({ session: engine.session });
    const controller = new AbortController();
    const answer = service.generate(
      { prompt: 'hello', conversationId: '1:a/x' },
      {},
      () => undefined,
      controller.signal,
    );
    controller.abort();
    await service.forgetConversations('1:a/');
    await answer.catch(() => undefined);
    await service.forgetConversations('1:a/');
    assert.deepEqual(engine.released, []);
  });

  test('is forgotten only after its running answer has ended', async () => {
    const engine = new ScriptedEngine();
    engine.answer = () => 'hi';
    let goOn = (): void => undefined;
    engine.pace = () => new Promise((resolve) => (goOn = resolve));
    const service = new ChatService({ session: engine.session });
    const controller = new AbortController();
    const answer = service.generate(
      { prompt: 'hello', conversationId: '1:a/x' },
      {},
      () => undefined,
      controller.signal,
    );
    while (engine.generations.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    const forgotten = service.forgetConversations('1:a/');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(engine.released, []);
    goOn();
    await Promise.all([answer, forgotten]);
    assert.deepEqual(engine.released, ['chat:1:a/x']);
  });
});
