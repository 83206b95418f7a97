import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { CompletionService } from '../../../sidecar/completion/completionService.ts';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import { requestAt } from './cursorAt.ts';

const engine = new EngineProcess();
let service: CompletionService;
const never = new AbortController().signal;

before(async () => {
  const loaded = await engine.load({ modelPath: await fetchModel(), engine: 'auto', device: 'cpu', threads: 0, contextSizeTokens: 2048 });
  service = new CompletionService({ session: { engine, model: async () => loaded } });
});

after(() => engine.dispose());

async function textsAt(document: string, languageId: string, explicit = false): Promise<string[]> {
  const completions = await service.complete(requestAt(document, { languageId, explicit, settings: { minDebounceMs: 0, timeoutMs: 60_000 } }), never);
  return completions.map(({ text }) => text);
}

test('SmolLM2 goes on with a line of Python', async () => {
  const [text] = await textsAt('import json\n\n\ndef read_config(path):\n    with open(path) as f:\n        return ‸\n\n\ndef main():\n    pass\n', 'python');
  assert.equal(text, 'json.load(f)');
});

test('SmolLM2 finishes a word', async () => {
  assert.deepEqual(await textsAt('numbers = [3, 1, 2]\nnumbers.so‸\nprint(numbers)\n', 'python'), ['rt()']);
});

test('SmolLM2 fills a block of TypeScript and leaves its brace alone', async () => {
  const document = 'export function sum(values: number[]): number {\n  let total = 0;\n  for (const value of values) {\n    ‸\n  }\n  return total;\n}\n';
  assert.deepEqual(await textsAt(document, 'typescript'), ['total += value;']);
});

test('SmolLM2 writes a body under a head, in the document’s indentation', async () => {
  const [text] = await textsAt('package main\n\nimport "fmt"\n\nfunc main() {\n\tfor i := 0; i < 10; i++ {‸}\n}\n', 'go');
  assert.match(text ?? '', /^\n\t\t\S.*\n\t$/s);
});

test('SmolLM2 offers several ways to go on when asked', async () => {
  const texts = await textsAt('import os\n\nfor name in os.listdir("."):\n    print(‸)\n', 'python', true);
  assert.ok(texts.length >= 2, `${texts.length} candidates`);
  assert.equal(new Set(texts).size, texts.length);
});
