import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import type { LoadedModel } from '../../../sidecar/protocol/engine.ts';
import { typescriptTokens } from '../../bench/translateComments/typescriptTokens.ts';

describe('chat with the real model', () => {
  let engine: EngineProcess;
  let chat: ChatService;
  before(async () => {
    engine = new EngineProcess();
    const model: LoadedModel = await engine.load({
      modelPath: await fetchModel(),
      engine: 'auto',
      device: 'cpu',
      threads: 0,
      contextSizeTokens: 2048,
    });
    chat = new ChatService({ session: { engine, model: async () => model } });
  });
  after(() => engine.dispose());

  const collect = (): { texts: string[]; onChunk: (chunk: { readonly text: string }) => void } => {
    const texts: string[] = [];
    return { texts, onChunk: ({ text }) => void texts.push(text) };
  };

  it('streams an answer whose parts make up the whole', async () => {
    const { texts, onChunk } = collect();
    const result = await chat.chat(
      { conversationId: 'a', messages: [{ role: 'user', content: 'What is the capital of France?' }] },
      { temperature: 0, maxTokens: 40 },
      onChunk,
    );
    assert.match(result.text, /Paris/);
    assert.equal(texts.join(''), result.text);
    assert.ok(texts.length > 1, 'the answer came in parts');
  });

  it('continues a conversation with a cached beginning', async () => {
    const messages = [
      { role: 'user', content: 'What is the capital of France?' },
      { role: 'assistant', content: 'The capital of France is Paris.' },
      { role: 'user', content: 'Say its name again, one word.' },
    ] as const;
    const result = await chat.chat(
      { conversationId: 'a', messages },
      { temperature: 0, maxTokens: 20 },
      () => undefined,
    );
    assert.match(result.text, /Paris/);
  });

  it('ends with the text so far when it is stopped', async () => {
    const stop = new AbortController();
    const { texts, onChunk } = collect();
    const result = await chat.chat(
      { conversationId: 'b', messages: [{ role: 'user', content: 'Write a very long story about the sea.' }] },
      { temperature: 0 },
      (chunk) => {
        onChunk(chunk);
        if (texts.length === 5) stop.abort();
      },
      stop.signal,
    );
    assert.equal(result.stopReason, 'cancelled');
    assert.equal(result.text, texts.join(''));
  });

  it('fixes an error that the compiler reports, and keeps the declaration', async () => {
    const target =
      'export function totalCents(items: Item[]): number {\n  let total = 0;\n  for (const item of items) {\n    total += item.priceCents * item.count;\n  }\n  return totl;\n}\n';
    const { newText } = await chat.edit(
      {
        task: 'fix',
        languageId: 'typescript',
        fileName: 'cart.ts',
        target,
        before: '',
        after: '',
        diagnostics: ["line 6: Cannot find name 'totl'. Did you mean 'total'? (ts 2552)"],
      },
      {},
      () => undefined,
    );
    assert.equal(newText, target.replace('totl', 'total'));
  });

  it('translates comments and texts without changing the code', async () => {
    const target =
      '// Adds the tax to a price.\nexport function withTax(price: number): number {\n  if (price < 0) throw new Error("the price is below zero");\n  return price * 1.19; // nineteen per cent\n}\n';
    const { newText, stopReason } = await chat.edit(
      {
        task: 'translate',
        language: 'fr',
        languageId: 'typescript',
        fileName: 'tax.ts',
        target,
        before: '',
        after: '',
      },
      {},
      () => undefined,
    );
    assert.equal(stopReason, 'end');
    assert.notEqual(newText, target);
    assert.equal(typescriptTokens(newText), typescriptTokens(target));
  });

  it('writes a commit message that does not repeat the diff', async () => {
    const diff =
      "diff --git a/src/cart.ts b/src/cart.ts\nindex 1111111..2222222 100644\n--- a/src/cart.ts\n+++ b/src/cart.ts\n@@ -12,3 +12,5 @@ export function totalCents(items: Item[]): number {\n   return total;\n }\n+\n+export const currency = 'EUR';\n";
    const { message } = await chat.commitMessage({ diff }, { temperature: 0 });
    assert.doesNotMatch(message, /^(?:diff|@@|[+-]{3})/m);
    assert.match(message, /^\p{Lu}\S* .{4,}/u);
    assert.ok((message.split('\n')[0] ?? '').length <= 72, message);
  });

  it('refuses a question that does not fit the context, with the numbers', async () => {
    const content = 'word '.repeat(5000);
    await assert.rejects(
      chat.chat({ conversationId: 'c', messages: [{ role: 'user', content }] }, {}, () => undefined),
      { name: 'TroubleError', code: 'context-overflow', message: /\d/ },
    );
  });
});
