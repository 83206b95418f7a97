import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { CompletionService } from '../../../sidecar/completion/completionService.ts';
import type { Engine } from '../../../sidecar/engine/engine.ts';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import { observeEngine } from '../../../sidecar/front/observedEngine.ts';
import type { LoadedModel } from '../../../sidecar/protocol/engine.ts';
import { requestAt } from './cursorAt.ts';

const engine = new EngineProcess();
let service: CompletionService;
let loaded: LoadedModel;
const never = new AbortController().signal;

before(async () => {
  loaded = await engine.load({
    modelPath: await fetchModel(),
    engine: 'auto',
    device: 'cpu',
    threads: 0,
    contextSizeTokens: 2048,
  });
  service = new CompletionService({ session: { engine, model: async () => loaded } });
});

after(() => engine.dispose());

async function textsAt(document: string, languageId: string, explicit = false): Promise<string[]> {
  const completions = await service.complete(
    requestAt(document, { languageId, explicit, settings: { minDebounceMs: 0, timeoutMs: 60_000 } }),
    never,
  );
  return completions.map(({ text }) => text);
}

test('SmolLM2 continues a line of Python', async () => {
  const [text] = await textsAt(
    'import json\n\n\ndef read_config(path):\n    with open(path) as f:\n        return ‸\n\n\ndef main():\n    pass\n',
    'python',
  );
  assert.equal(text, 'json.load(f)');
});

test('SmolLM2 finishes a word', async () => {
  assert.deepEqual(await textsAt('numbers = [3, 1, 2]\nnumbers.so‸\nprint(numbers)\n', 'python'), ['rt()']);
});

test('SmolLM2 fills a TypeScript block and leaves its brace alone', async () => {
  const document =
    'export function sum(values: number[]): number {\n  let total = 0;\n  for (const value of values) {\n    ‸\n  }\n  return total;\n}\n';
  assert.deepEqual(await textsAt(document, 'typescript'), ['total += value;']);
});

test('SmolLM2 writes a body under a head, in the document’s indentation', async () => {
  const [text] = await textsAt(
    'package main\n\nimport "fmt"\n\nfunc main() {\n\tfor i := 0; i < 10; i++ {‸}\n}\n',
    'go',
  );
  assert.match(text ?? '', /^\n\t\t\S.*\n\t$/s);
});

test('SmolLM2 evaluates nothing again for a document that the user comes back to, and writes the same text as without the visit', async () => {
  const lines = (name: string): string =>
    Array.from({ length: 10 }, (_, index) => `    ${name}_${index} = read("${name}", ${index})`).join('\n');
  const document = (name: string, line: string): string => `def ${name}():\n${lines(name)}\n    ${line}‸\n`;
  // The engine has room for three sequences.
  await service.forgetClient('window');
  // The size of a prompt depends on the measured speed.
  const observed = observeEngine(engine, {
    isQuiet: () => false,
    generateBegan: () => undefined,
    generateEnded: () => undefined,
    crashed: () => undefined,
  });
  const steady: Engine = {
    ...observed,
    generate: async (...params) => {
      const result = await observed.generate(...params);
      return { ...result, promptMs: 5 * result.evaluatedTokens };
    },
  };
  const completions = new CompletionService({ session: { engine: steady, model: async () => loaded } });
  const complete = async (
    name: string,
    line: string,
    clientKey: string,
  ): Promise<{ text: string | undefined; reusedTokens: number; evaluatedTokens: number }> => {
    const request = requestAt(document(name, line), {
      uri: `file:///workspace/${name}.py`,
      languageId: 'python',
      clientKey,
      settings: { minDebounceMs: 0, timeoutMs: 60_000 },
      contextSettings: { readAhead: false },
    });
    const [completion] = await completions.complete(request, never);
    const { last } = await completions.context(clientKey, request.uri, {});
    return {
      text: completion?.text,
      reusedTokens: last?.reusedTokens ?? 0,
      evaluatedTokens: last?.evaluatedTokens ?? 0,
    };
  };
  await complete('orders', 'total = ', 'going');
  await complete('prices', 'total = ', 'going');
  const back = await complete('orders', 'count = ', 'going');
  await complete('orders', 'total = ', 'staying');
  const stayed = await complete('orders', 'count = ', 'staying');
  assert.equal(back.text, stayed.text);
  assert.ok(
    back.reusedTokens > 80 && back.evaluatedTokens < 16,
    `${back.reusedTokens} + ${back.evaluatedTokens} tokens`,
  );
});

test('SmolLM2 offers several completions by command', async () => {
  const texts = await textsAt('import os\n\nfor name in os.listdir("."):\n    print(‸)\n', 'python', true);
  assert.ok(texts.length >= 2, `${texts.length} candidates`);
  assert.equal(new Set(texts).size, texts.length);
});
