import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
import { CompletionService } from '../../../sidecar/completion/completionService.ts';
import { detectFim } from '../../../sidecar/completion/prompt/fim.ts';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import type { LoadedModel } from '../../../sidecar/protocol/engine.ts';
import { bundledExpertsPath, bundledModelPath } from '../../../sidecar/shelf/defaultModel.ts';
import { requestAt } from './cursorAt.ts';

describe('the bundled model', () => {
  let engine: EngineProcess;
  let model: LoadedModel;
  let completion: CompletionService;
  let chat: ChatService;
  before(async () => {
    engine = new EngineProcess();
    model = await engine.load({
      modelPath: (await bundledModelPath()) as string,
      // As it ships. Without its experts two first words are as likely as each other.
      experts: await bundledExpertsPath(),
      engine: 'auto',
      device: 'cpu',
      threads: 0,
      contextSizeTokens: 2048,
    });
    const session = { engine, model: async () => model };
    completion = new CompletionService({ session });
    chat = new ChatService({ session });
  });
  after(() => engine.dispose());

  async function textsAt(document: string, languageId: string): Promise<readonly string[]> {
    const completions = await completion.complete(
      requestAt(document, { languageId, settings: { minDebounceMs: 0, timeoutMs: 600_000 } }),
      new AbortController().signal,
    );
    return completions.map(({ text }) => text);
  }

  const answer = (content: string): Promise<{ readonly text: string; readonly stopReason: string }> =>
    chat.chat(
      { conversationId: content, messages: [{ role: 'user', content }] },
      { temperature: 0, maxTokens: 60 },
      () => undefined,
    );

  it("fills gaps with Qwen's marks, each of which is a single token", async () => {
    const fim = await detectFim(engine, model);
    assert.equal(fim?.family, 'qwen-coder');
    const texts = await Promise.all(
      [fim?.prefix, fim?.suffix, fim?.middle].map((token) => engine.detokenize([token as number], { special: true })),
    );
    assert.deepEqual(texts, ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>']);
  });

  it('continues a line of Python', async () => {
    const document =
      'import json\n\n\ndef read_config(path):\n    with open(path) as f:\n        return ‸\n\n\ndef main():\n    pass\n';
    assert.deepEqual(await textsAt(document, 'python'), ['json.load(f)']);
  });

  it('fills a TypeScript block and leaves its brace alone', async () => {
    const document =
      'export function sum(values: number[]): number {\n  let total = 0;\n  for (const value of values) {\n    ‸\n  }\n  return total;\n}\n';
    assert.deepEqual(await textsAt(document, 'typescript'), ['total += value;']);
  });

  it('answers in chat and ends by itself', async () => {
    const { text, stopReason } = await answer('What is the capital of France? Answer with one word.');
    assert.match(text, /^Paris\.?$/);
    assert.equal(stopReason, 'end');
  });

  it('answers in the language of the question, also in non-Latin scripts', async () => {
    assert.match((await answer('法国的首都是哪里？')).text, /巴黎/);
    assert.match((await answer('Какой город является столицей Франции?')).text, /^[\p{Script=Cyrillic}\p{P}\s]+$/u);
  });
});
