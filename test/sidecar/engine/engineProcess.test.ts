import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import type { EngineGenerateParams, LoadParams } from '../../../sidecar/protocol/engine.ts';
import { isRunning } from '../../isRunning.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { tinyModel, writeGguf } from '../models/ggufFile.ts';
import { until } from '../front/support/sidecar.ts';

const greedy = { temperature: 0 } as const;

async function loadParams(modelPath?: string): Promise<LoadParams> {
  return {
    modelPath: modelPath ?? (await fetchModel()),
    engine: 'auto',
    device: 'cpu',
    threads: 0,
    contextSizeTokens: 2048,
  };
}

async function refusal(work: Promise<unknown>): Promise<TroubleError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof TroubleError, String(error));
    return error;
  }
  assert.fail('expected a TroubleError');
}

describe('EngineProcess', () => {
  let folder: string;
  let engine: EngineProcess;
  let crashes = 0;
  /** A model for engines that generate no text. */
  let tiny: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-engine-'));
    tiny = path.join(folder, 'tiny.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(tiny, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
    engine = new EngineProcess({ onCrashed: () => crashes++ });
    await engine.load(await loadParams());
  });
  after(async () => {
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const request = (
    tokens: readonly number[],
    changes: Partial<EngineGenerateParams> = {},
  ): Omit<EngineGenerateParams, 'requestId'> => ({
    sequence: 'completion',
    priority: 'completion',
    tokens,
    maxTokens: 12,
    sampling: greedy,
    ...changes,
  });

  test('rejects requests before a model is loaded', async () => {
    const other = new EngineProcess();
    assert.equal((await refusal(other.tokenize('x'))).code, 'no-model');
    assert.equal(other.pid, undefined);
  });

  test('uses no more threads than cores, and tells its device', async () => {
    const model = await engine.load({ ...(await loadParams()), threads: 0 });
    assert.ok(model.threads >= 1 && model.threads <= os.availableParallelism());
    assert.equal(model.device, 'CPU');
    assert.equal(model.deviceKind, 'cpu');
    assert.equal(model.contextSizeTokens, 2048);
  });

  test('keeps its process when the same model is loaded again', async () => {
    const { pid } = engine;
    await engine.load(await loadParams());
    assert.equal(engine.pid, pid);
  });

  test('keeps the model of the last requested load, and ignores an aborted load', async () => {
    const other = new AbortController();
    const replaced = engine.load({ ...(await loadParams()), contextSizeTokens: 1024 }, { signal: other.signal });
    const wanted = engine.load(await loadParams());
    other.abort(new Error('Not wanted.'));
    await assert.rejects(replaced, /Not wanted/);
    assert.equal((await wanted).contextSizeTokens, 2048);
    const { pid } = engine;
    assert.equal((await engine.statistics())?.contextSizeTokens, 2048);
    await engine.load(await loadParams());
    assert.equal(engine.pid, pid);
  });

  test('streams exactly the final text and tokens', async () => {
    const tokens = await engine.tokenize('Unicode: 日本語 😀 and code:\nfunction add(a, b) {');
    let text = '';
    const streamed: number[] = [];
    const result = await engine.generate(request(tokens, { maxTokens: 40 }), {
      onChunk: (chunk) => {
        text += chunk.text;
        streamed.push(...chunk.tokens);
      },
    });
    assert.ok(result.text.length > 0);
    assert.equal(text, result.text);
    assert.deepEqual(streamed, result.tokens);
  });

  test('rejects a generation with the reason when its process is killed, and answers the next one', async () => {
    const tokens = await engine.tokenize('Once upon a time');
    const expected = await engine.generate(request(tokens));
    const { pid } = engine;
    let chunks = 0;
    const failing = refusal(
      engine.generate(request(tokens, { maxTokens: 1000, sequence: 'chat:1', priority: 'chat' }), {
        onChunk: () => {
          if (++chunks === 3) process.kill(pid!, 'SIGKILL');
        },
      }),
    );
    const trouble = await failing;
    assert.equal(trouble.code, 'engine-crashed');
    assert.match(trouble.message, /SIGKILL/);
    const again = await engine.generate(request(tokens));
    assert.equal(again.text, expected.text);
    assert.notEqual(engine.pid, pid);
  });

  test('rejects all pending requests at a crash with the reason', async () => {
    const tokens = await engine.tokenize('The quick brown fox');
    let hasBegun = (): void => undefined;
    const begun = new Promise<void>((resolve) => (hasBegun = resolve));
    const pending = [1, 2, 3].map((number) =>
      refusal(
        engine.generate(request(tokens, { sequence: `chat:${number}`, priority: 'chat', maxTokens: 1000 }), {
          onChunk: hasBegun,
        }),
      ),
    );
    await begun;
    process.kill(engine.pid!, 'SIGKILL');
    for (const trouble of await Promise.all(pending)) assert.equal(trouble.code, 'engine-crashed');
  });

  test('refuses unreadable files, and loads a good file after them', async () => {
    const claims = path.join(folder, 'claims.gguf');
    await writeGguf(claims, tinyModel({ metadata: { 'llama.block_count': { type: 'u32', value: 100_000 } } }));
    const huge = path.join(folder, 'huge.gguf');
    const rows = 2 ** 33;
    await writeGguf(
      huge,
      tinyModel({
        tensors: [
          { name: 'token_embd.weight', shape: [32, 4], type: 0, offset: 0 },
          { name: 'blk.0.ffn_up.weight', shape: [32, rows], type: 0, offset: 512 },
        ],
        dataBytes: 512 + 32 * rows * 4,
      }),
    );
    const incomplete = path.join(folder, 'incomplete.gguf');
    await writeGguf(incomplete, tinyModel());
    assert.equal((await refusal(engine.load(await loadParams(claims)))).code, 'invalid-model');
    const memory = await refusal(engine.load(await loadParams(huge)));
    assert.equal(memory.code, 'out-of-memory');
    assert.match(memory.message, /needs about 1\.10 TB .* are free/);
    assert.equal((await refusal(engine.load(await loadParams(incomplete)))).code, 'invalid-model');
    assert.equal((await refusal(engine.load(await loadParams(folder)))).code, 'not-gguf');
    assert.equal(
      (await refusal(engine.load(await loadParams(path.join(folder, 'none.gguf'))))).code,
      'model-not-found',
    );
    await engine.load(await loadParams());
    assert.ok((await engine.generate(request(await engine.tokenize('One, two,')))).text.length > 0);
  });

  test('tries a load that crashes twice, and again only for a new request', async () => {
    const other = new EngineProcess();
    // No file is known that crashes the engine. So the test kills each engine that begins to load this one.
    const load = refusal(other.load(await loadParams(tiny)));
    const isLoaded = load.then(() => true);
    const ended = new Set<number>();
    while (!(await Promise.race([isLoaded, sleep(5, false)]))) {
      if (other.pid === undefined || ended.has(other.pid)) continue;
      ended.add(other.pid);
      process.kill(other.pid, 'SIGKILL');
    }
    const first = await load;
    assert.equal(ended.size, 2);
    assert.equal(first.code, 'engine-crashed');
    assert.match(first.message, /2 times in a row.*SIGKILL/);
    const second = await refusal(other.generate(request([1, 2])));
    assert.equal(second.message, first.message);
    assert.equal(other.pid, undefined);
    await other.load(await loadParams(tiny));
    assert.equal((await other.generate(request([1, 2], { maxTokens: 1 }))).evaluatedTokens, 2);
    await other.dispose();
  });

  test('resolves a request that is cancelled during a load as cancelled', async () => {
    const other = new EngineProcess();
    const loading = other.load(await loadParams(tiny));
    const abort = new AbortController();
    const waiting = other.generate(request([1, 2, 3]), { signal: abort.signal });
    abort.abort();
    assert.equal((await waiting).stopReason, 'cancelled');
    await loading;
    await other.dispose();
  });

  test('reports a crash without a request, and restarts although one of two waiting requests is cancelled', async () => {
    const tokens = await engine.tokenize('Once upon a time');
    const before = crashes;
    process.kill(engine.pid!, 'SIGKILL');
    while (engine.pid !== undefined) await sleep(5);
    assert.equal(crashes, before + 1);
    const abort = new AbortController();
    const cancelled = engine.generate(request(tokens), { signal: abort.signal });
    const other = engine.generate(request(tokens));
    while (engine.pid === undefined) await sleep(1);
    abort.abort();
    assert.equal((await cancelled).stopReason, 'cancelled');
    assert.ok((await other).text.length > 0);
  });

  test('ends its process at unload and at dispose', async () => {
    const other = new EngineProcess();
    await other.load(await loadParams(tiny));
    const first = other.pid!;
    await other.unload();
    assert.equal(isRunning(first), false);
    assert.equal((await refusal(other.tokenize('x'))).code, 'no-model');
    await other.load(await loadParams(tiny));
    const second = other.pid!;
    await other.dispose();
    assert.equal(isRunning(second), false);
  });

  test('gives statistics while a model is loaded', async () => {
    const statistics = (await engine.statistics())!;
    assert.ok(statistics.memoryBytes > 50e6);
    assert.equal(statistics.deviceMemoryBytes, 0);
    assert.equal(statistics.contextSizeTokens, 2048);
  });
});

describe('an engine whose parent ends', () => {
  test('ends too', async () => {
    const { execa } = await import('execa');
    const script = `
      import { EngineProcess } from ${JSON.stringify(new URL('../../../sidecar/engine/process/engineProcess.ts', import.meta.url).href)};
      const engine = new EngineProcess();
      await engine.load(${JSON.stringify(await loadParams())});
      console.log(engine.pid);
      await new Promise(() => setInterval(() => undefined, 1000));`;
    const parent = execa(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script],
      { reject: false, buffer: false },
    );
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))),
    );
    assert.ok(isRunning(pid));
    parent.kill('SIGKILL');
    await parent;
    await until(() => !isRunning(pid), 'the engine has ended');
  });
});
