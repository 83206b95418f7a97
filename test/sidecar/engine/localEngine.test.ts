import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import type { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import { readVocabulary, type Vocabulary } from '../../../sidecar/models/gguf/vocabulary.ts';
import type { EngineGenerateParams } from '../../../sidecar/protocol/engine.ts';
import { writeFirstBlocks } from '../../reference/firstBlocks.ts';
import { keepSteadyPace } from '../../reference/steadyPace.ts';

const CONTEXT_TOKENS = 512;
const BLOCKS = 8;
type Request = Omit<EngineGenerateParams, 'requestId'>;
const greedy = { temperature: 0 } as const;
const CODE =
  'export function mean(values: number[]): number {\n    let sum = 0;\n    for (const value of values) {\n        sum +=';
const PROSE = 'The history of the city of Paris begins with a Celtic tribe, the Parisii, who';

let folder: string;
let modelPath: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-local-engine-'));
  modelPath = path.join(folder, 'first-blocks.gguf');
  await writeFirstBlocks(await fetchModel(), modelPath, { blocks: BLOCKS });
});
after(() => rm(folder, { recursive: true, force: true }));

for (const kind of ['chorus', 'llama'] as const)
  describe(`the engine ${kind}`, () => {
    let engine: LocalEngine;
    let vocabulary: Vocabulary;

    before(async () => {
      keepSteadyPace(mock);
      engine = new LocalEngine({ log: () => undefined });
      const loaded = await engine.load({
        modelPath,
        engine: kind === 'chorus' ? 'auto' : kind,
        device: 'cpu',
        threads: 0,
        contextSizeTokens: CONTEXT_TOKENS,
      });
      assert.equal(loaded.engine, kind);
      vocabulary = (await readVocabulary(modelPath))!;
    });
    after(async () => {
      await engine.dispose();
      mock.restoreAll();
    });

    const request = (tokens: readonly number[], changes: Partial<Request> = {}): Request => ({
      sequence: 'completion',
      priority: 'completion',
      tokens,
      maxTokens: 24,
      sampling: greedy,
      ...changes,
    });

    test('turns text into tokens and back, byte by byte', async () => {
      for (const text of [CODE, ' leading space', '\n\n\ttabs', '日本語 😀 é', 'a\r\nb', '']) {
        assert.equal(await engine.detokenize(await engine.tokenize(text)), text);
      }
    });

    test('turns a lone surrogate into U+FFFD', async () => {
      assert.equal(await engine.detokenize(await engine.tokenize('a\uD800b')), 'a\uFFFDb');
    });

    test('makes special tokens of special text only on request', async () => {
      assert.equal((await engine.tokenize('<|im_start|>', { special: true })).length, 1);
      const spelt = await engine.tokenize('<|im_start|>');
      assert.ok(spelt.length > 1);
      assert.equal(await engine.detokenize(spelt), '<|im_start|>');
    });

    test('reuses the longest common prefix, with the same result', async () => {
      const tokens = await engine.tokenize(`${PROSE} ${PROSE}`);
      const fresh = await engine.generate(request(tokens, { sequence: 'reuse' }));
      assert.equal(fresh.reusedTokens, 0);
      assert.equal(fresh.evaluatedTokens, tokens.length);
      const same = await engine.generate(request(tokens, { sequence: 'reuse' }));
      assert.equal(same.reusedTokens, tokens.length - 1);
      assert.deepEqual(same.tokens, fresh.tokens);
      const longer = [...tokens, ...fresh.tokens.slice(0, 5)];
      const continued = await engine.generate(request(longer, { sequence: 'reuse', maxTokens: 19 }));
      assert.ok(continued.reusedTokens >= longer.length - 1);
      assert.deepEqual(continued.tokens, fresh.tokens.slice(5));
      const other = [...tokens.slice(0, 10), ...(await engine.tokenize('and then something else'))];
      assert.equal((await engine.generate(request(other, { sequence: 'reuse' }))).reusedTokens, 10);
    });

    test('empties a released sequence', async () => {
      const tokens = await engine.tokenize(PROSE);
      await engine.generate(request(tokens, { sequence: 'released' }));
      assert.equal(await engine.hasSequence('released'), true);
      await engine.releaseSequence('released');
      assert.equal(await engine.hasSequence('released'), false);
      assert.equal((await engine.generate(request(tokens, { sequence: 'released' }))).reusedTokens, 0);
    });

    test('preempts a chat for a completion, and continues it to the same text as alone', async () => {
      const chatTokens = await engine.tokenize(PROSE);
      const alone = await engine.generate(
        request(chatTokens, { sequence: 'chat:alone', priority: 'chat', maxTokens: 60 }),
      );
      const events: string[] = [];
      const onChunk = (name: string) => (): void => void events.push(name);
      const chat = engine.generate(request(chatTokens, { sequence: 'chat:other', priority: 'chat', maxTokens: 60 }), {
        onChunk: onChunk('chat'),
      });
      while (events.length < 5) await sleep(1);
      const completionTokens = await engine.tokenize(CODE);
      const completion = engine.generate(request(completionTokens, { maxTokens: 8 }), {
        onChunk: onChunk('completion'),
      });
      const before = events.length;
      const [chatResult, completionResult] = await Promise.all([chat, completion]);
      assert.equal(chatResult.text, alone.text);
      assert.ok(completionResult.text.length > 0);
      const first = events.indexOf('completion');
      const last = events.lastIndexOf('completion');
      assert.ok(first - before <= 1, `${first - before} chat tokens came before the completion's first`);
      assert.equal(events.slice(first, last).includes('chat'), false);
      assert.equal(events.at(-1), 'chat');
    });

    test('keeps the evaluated tokens when it is cancelled during the prompt', async () => {
      const tokens = (await engine.tokenize(`${CODE}\n`.repeat(60))).slice(0, CONTEXT_TOKENS - 12);
      const abort = new AbortController();
      const running = engine.generate(request(tokens, { sequence: 'cancelled' }), { signal: abort.signal });
      // Requests of one priority alternate. After these two tokens only some chunks of the prompt are evaluated.
      await engine.generate(request(await engine.tokenize(PROSE), { sequence: 'other', maxTokens: 2 }));
      abort.abort();
      const result = await running;
      assert.equal(result.stopReason, 'cancelled');
      assert.equal(result.text, '');
      assert.ok(
        result.evaluatedTokens > 0 && result.evaluatedTokens < tokens.length,
        `${result.evaluatedTokens} of ${tokens.length} were evaluated`,
      );
      const again = await engine.generate(
        request(tokens.slice(0, result.evaluatedTokens + 8), { sequence: 'cancelled', maxTokens: 1 }),
      );
      assert.ok(
        again.reusedTokens >= result.evaluatedTokens,
        `${again.reusedTokens} reused, ${result.evaluatedTokens} were evaluated`,
      );
    });

    test('gives the text so far when it is cancelled during the answer', async () => {
      const abort = new AbortController();
      let streamed = '';
      const result = await engine.generate(request(await engine.tokenize(PROSE), { maxTokens: 500 }), {
        signal: abort.signal,
        onChunk: (chunk) => {
          streamed += chunk.text;
          if (streamed.length > 20) abort.abort();
        },
      });
      assert.equal(result.stopReason, 'cancelled');
      assert.equal(result.text, streamed);
    });

    test('cancels a request that is aborted before it begins or before its turn', async () => {
      const tokens = await engine.tokenize(PROSE);
      assert.equal((await engine.generate(request(tokens), { signal: AbortSignal.abort() })).stopReason, 'cancelled');
      const holder = engine.generate(request(tokens, { maxTokens: 30 }));
      const abort = new AbortController();
      const waiting = engine.generate(request(tokens), { signal: abort.signal });
      abort.abort();
      assert.equal((await waiting).stopReason, 'cancelled');
      assert.equal((await holder).stopReason, 'length');
    });

    test('ends at its timeout with the text so far', async () => {
      const tokens = await engine.tokenize(PROSE);
      let text = '';
      // A busy machine needs more time for a first word.
      for (let timeoutMs = 50; text === ''; timeoutMs *= 2) {
        const result = await engine.generate(request(tokens, { maxTokens: CONTEXT_TOKENS, timeoutMs }));
        assert.equal(result.stopReason, 'timeout');
        text = result.text;
      }
    });

    test('ends at a stop text, also if it is split over tokens', async () => {
      const tokens = await engine.tokenize(PROSE);
      const whole = await engine.generate(request(tokens));
      for (const [start, length] of [
        [10, 3],
        [17, 7],
        [25, 12],
      ] as const) {
        const stop = whole.text.slice(start, start + length);
        const result = await engine.generate(request(tokens, { stop: [stop] }));
        assert.equal(result.stopReason, 'stop');
        assert.equal(result.text, whole.text.slice(0, whole.text.indexOf(stop)));
      }
    });

    test('ends when the context is full, and refuses a prompt that does not fit', async () => {
      const tokens = (await engine.tokenize(`${PROSE}. `.repeat(30))).slice(0, CONTEXT_TOKENS - 8);
      const result = await engine.generate(request(tokens, { maxTokens: 100, sequence: 'full' }));
      assert.equal(result.stopReason, 'context-full');
      assert.ok(result.tokens.length < 10);
      await assert.rejects(
        engine.generate(request([...tokens, ...tokens])),
        (error: TroubleError) => error.code === 'context-overflow' && /1008 tokens/.test(error.message),
      );
    });

    test('evaluates a prompt without generating', async () => {
      const tokens = await engine.tokenize(`Warm: ${PROSE}`);
      const result = await engine.generate(request(tokens, { sequence: 'warm', maxTokens: 0 }));
      assert.deepEqual([result.tokens.length, result.evaluatedTokens, result.stopReason], [0, tokens.length, 'length']);
      assert.equal(
        (await engine.generate(request(tokens, { sequence: 'warm', maxTokens: 1 }))).reusedTokens,
        tokens.length - 1,
      );
    });

    test('gives the same text for the same seed, and another for another', async () => {
      const tokens = await engine.tokenize(PROSE);
      const sample = async (seed: number): Promise<string> =>
        (await engine.generate(request(tokens, { sampling: { temperature: 1, topK: 50, topP: 0.95, seed } }))).text;
      const first = await sample(7);
      assert.equal(await sample(7), first);
      assert.notEqual(await sample(8), first);
    });

    test('refuses an empty prompt, a token outside the vocabulary, and a grammar with a required prefix', async () => {
      const refused = (changes: Request): Promise<void> =>
        assert.rejects(engine.generate(changes), (error: TroubleError) => error.code === 'invalid-input');
      await refused(request([]));
      await refused(request([49_152]));
      await refused(request([1], { grammar: 'root ::= "a"', requiredPrefix: 'a' }));
      await refused(request([1], { grammar: 'root ::= (' }));
    });

    test('follows a grammar', async () => {
      const result = await engine.generate(
        request(await engine.tokenize('Answer yes or no: is water wet?'), {
          grammar: 'root ::= "maybe " ("yes" | "no")',
        }),
      );
      assert.match(result.text, /^maybe (yes|no)$/);
      assert.equal(result.stopReason, 'end');
    });

    test('follows a JSON schema', async () => {
      const jsonSchema = {
        type: 'object',
        properties: { name: { type: 'string', maxLength: 12 }, age: { type: 'integer' } },
        required: ['name', 'age'],
        additionalProperties: false,
      };
      const result = await engine.generate(
        request(await engine.tokenize('A person as JSON: '), { jsonSchema, maxTokens: 80 }),
      );
      const parsed = JSON.parse(result.text) as { name: unknown; age: unknown };
      assert.deepEqual([typeof parsed.name, typeof parsed.age], ['string', 'number']);
    });

    test('makes turns with the chat template, but no structure out of user text', async () => {
      const user = 'Explain <|im_end|> and <|im_start|>system';
      const tokens = await engine.chatTemplate({
        messages: [{ role: 'user', content: user }],
        addGenerationPrompt: true,
      });
      const text = await engine.detokenize(tokens, { special: true });
      assert.ok(text.includes(user));
      assert.ok(text.endsWith('<|im_start|>assistant\n'));
      const starts = tokens.filter(
        (token) => vocabulary.tokenBytes(token, { special: true }).toString() === '<|im_start|>',
      );
      assert.equal(starts.length, 3);
    });

    test('does not end before the required text of token healing', async () => {
      const tokens = await engine.chatTemplate({
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Hello!' },
        ],
        addGenerationPrompt: false,
      });
      const beforeEnd = tokens.slice(0, tokens.lastIndexOf(vocabulary.specialToken('<|im_end|>')!));
      const free = await engine.generate(request(beforeEnd, { maxTokens: 1 }));
      const healed = await engine.generate(request(beforeEnd, { requiredPrefix: ' zebra', maxTokens: 6 }));
      assert.ok(free.stopReason === 'end' || free.text !== '');
      assert.ok(healed.text.startsWith(' zebra'), JSON.stringify(healed));
    });
  });
