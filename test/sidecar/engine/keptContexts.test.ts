import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { EngineProcess } from '../../../sidecar/engine/process/engineProcess.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import type {
  ContextSet,
  EngineGenerateParams,
  EngineGenerateResult,
  LoadParams,
} from '../../../sidecar/protocol/engine.ts';
import { keepSteadyPace } from '../../reference/steadyPace.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

const PROMPT = 1_100;
const prompt = Array.from({ length: PROMPT }, (_, index) => (index * 7_919 + index * index + 13) % 256);
/** The kept chunks of the prompt. */
const CHUNKS = 4;

describe('contexts on disk after the model left memory', () => {
  let folder: string;
  let modelPath: string;
  let lines: string[];
  let set: ContextSet;
  let engine: LocalEngine;
  before(async () => {
    keepSteadyPace(mock);
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-kept-'));
    modelPath = path.join(folder, 'model.gguf');
    await writeModel(modelPath, 1);
    engine = new LocalEngine({ log: () => undefined, report: (line) => lines.push(line) });
  });
  beforeEach(async () => {
    lines = [];
    set = { folder: await mkdtemp(path.join(folder, 'sets-')), name: 'workspace', maxBytes: 1e9 };
  });
  after(async () => {
    mock.restoreAll();
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function writeModel(file: string, seed: number): Promise<void> {
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(file, {
      variant: 'llama',
      type: 'Q8_0',
      device,
      seed,
      vocabulary: tinyVocabulary(),
      keys: { context_length: { type: 'u32', value: 2_048 } },
    });
  }

  const params = (changes: Partial<LoadParams> = {}): LoadParams => ({
    modelPath,
    engine: 'chorus',
    device: 'cpu',
    threads: 1,
    contextSizeTokens: 2_048,
    ...changes,
  });
  const request = (
    tokens: readonly number[] = prompt,
    changes: Partial<EngineGenerateParams> = {},
  ): Omit<EngineGenerateParams, 'requestId'> => ({
    sequence: 'completion',
    priority: 'completion',
    tokens,
    maxTokens: 12,
    sampling: { temperature: 0 },
    contextSet: set,
    ...changes,
  });
  const load = (changes: Partial<LoadParams> = {}): Promise<unknown> => engine.load(params(changes));
  const generate = (...args: Parameters<typeof request>): Promise<EngineGenerateResult> =>
    engine.generate(request(...args));
  const filesThere = async (name = set.name): Promise<string[]> => readdir(path.join(set.folder, name)).catch(() => []);
  /** Writes the waiting contexts, and begins again with empty sequences. */
  async function restart(): Promise<void> {
    await engine.unload();
    await load();
  }

  /** Returns the engine's answer without kept contexts. */
  async function unkept(tokens: readonly number[] = prompt): Promise<readonly number[]> {
    await restart();
    return (await generate(tokens, { contextSet: undefined })).tokens;
  }

  it('are restored instead of evaluated, with the same answer', async () => {
    await load();
    const first = await generate();
    assert.equal(first.restoredTokens, 0);
    await restart();
    assert.equal((await filesThere()).length, CHUNKS);
    const second = await generate();
    assert.deepEqual(
      [second.restoredTokens, second.reusedTokens, second.evaluatedTokens],
      [CHUNKS * 256, CHUNKS * 256, PROMPT - CHUNKS * 256],
    );
    assert.deepEqual(second.tokens, first.tokens);
    assert.deepEqual(lines, []);
  });

  it('serve a changed prompt up to the change, and only later chunks are written again', async () => {
    await load();
    await generate();
    await restart();
    const edited = [...prompt];
    edited[600] = 7;
    const result = await generate(edited);
    assert.equal(result.restoredTokens, 512);
    await restart();
    assert.equal((await filesThere()).length, CHUNKS + 2);
    assert.deepEqual((await generate(edited)).tokens, await unkept(edited));
  });

  it('serve a prompt that ends with a chunk, except for its last token', async () => {
    await load();
    const { tokens } = await generate(prompt.slice(0, 1_024));
    await restart();
    const again = await generate(prompt.slice(0, 1_024));
    assert.deepEqual([again.restoredTokens, again.evaluatedTokens, again.tokens], [1_023, 1, tokens]);
  });

  it('serve no other set, and are not kept without a set', async () => {
    await load();
    await generate();
    await generate(
      prompt.map((token) => token ^ 1),
      { sequence: 'chat', contextSet: undefined },
    );
    await restart();
    const mine = set;
    set = { ...set, name: 'another' };
    assert.equal((await generate()).restoredTokens, 0);
    assert.equal((await generate(prompt, { contextSet: undefined, sequence: 'chat' })).restoredTokens, 0);
    assert.equal((await filesThere(mine.name)).length, CHUNKS);
  });

  it('are kept when their sequence is released', async () => {
    await load();
    await generate();
    await engine.releaseSequence('completion');
    await engine.keepContexts();
    assert.equal((await filesThere()).length, CHUNKS);
  });

  it('are kept when another name takes their slot', async () => {
    await load();
    await generate();
    for (const other of ['one', 'two', 'three'])
      await generate(prompt.slice(0, 300), { sequence: other, contextSet: undefined });
    await engine.keepContexts();
    const again = await generate();
    assert.equal(again.restoredTokens, CHUNKS * 256);
  });

  it('are not kept if they are short', async () => {
    await load();
    await generate(prompt.slice(0, 400));
    await engine.unload();
    assert.deepEqual(await filesThere(), []);
  });

  it('do not serve another model with the same path', async () => {
    await load();
    await generate();
    await engine.unload();
    await writeModel(modelPath, 2);
    try {
      await load();
      const result = await generate();
      assert.equal(result.restoredTokens, 0);
      assert.deepEqual(result.tokens, await unkept());
    } finally {
      await engine.unload();
      await writeModel(modelPath, 1);
    }
  });

  it('do not serve another choice of cache', async () => {
    await load();
    await generate();
    await load({ cache: 'tiered:256' });
    assert.equal((await generate()).restoredTokens, 0);
    const tiered = await generate();
    await load();
    await load({ cache: 'tiered:256' });
    const again = await generate();
    assert.ok((again.restoredTokens ?? 0) > 0);
    assert.deepEqual(again.tokens, tiered.tokens);
  });

  it('are not kept for a cache that keeps only some rows of a prompt', async () => {
    await load({ cache: 'snapkv:128' });
    const { tokens } = await generate();
    const { contextUsedTokens = 0, contextKeptTokens } = (await engine.statistics()) ?? {};
    // The last token of an answer is not evaluated.
    assert.deepEqual([contextUsedTokens, contextKeptTokens], [PROMPT + tokens.length - 1, 128 + tokens.length - 1]);
    await engine.unload();
    assert.deepEqual(await filesThere(), []);
    await load();
    await generate();
    assert.equal((await engine.statistics())?.contextKeptTokens, undefined);
  });

  for (const [name, damage] of [
    ['cut off', (file: Buffer) => file.subarray(0, file.length / 2)],
    ['changed by a bit', (file: Buffer) => ((file[file.length >> 1] = (file[file.length >> 1] as number) ^ 1), file)],
  ] as const) {
    it(`are evaluated again if a file is ${name}, with one line in the log`, async () => {
      await load();
      const { tokens } = await generate();
      await engine.unload();
      const names = await filesThere();
      for (const file of names.map((each) => path.join(set.folder, set.name, each)))
        await writeFile(file, damage(await readFile(file)));
      await load();
      const again = await generate();
      assert.deepEqual([again.restoredTokens, again.tokens], [0, tokens]);
      assert.equal(lines.length, 1);
      await restart();
      assert.equal((await filesThere()).length, CHUNKS);
    });
  }

  it('are forgotten on request, also the context of a running request', async () => {
    await load();
    await generate();
    const running = generate(
      prompt.map((token) => token ^ 2),
      { sequence: 'chat', maxTokens: 400 },
    );
    // It waits until both requests end, so that it is forgotten before it begins.
    const waiting = generate(
      prompt.map((token) => token ^ 3),
      { sequence: 'chat' },
    );
    await engine.forgetContexts({ folder: set.folder, name: set.name });
    assert.deepEqual(await filesThere(), []);
    await Promise.all([running, waiting]);
    await engine.unload();
    assert.deepEqual(await filesThere(), []);
  });

  describe('in separate processes', () => {
    let child: EngineProcess;
    beforeEach(() => {
      child = new EngineProcess({ log: (line) => lines.push(line) });
    });
    afterEach(() => child.dispose());
    const hasPartial = (files: readonly string[]): boolean => files.some((file) => file.endsWith('.tmp'));

    it('serve in whole chunks after a process was killed while it wrote', async () => {
      process.env['NODE_OPTIONS'] = `--import ${new URL('./killedInMiddle.mjs', import.meta.url).href}`;
      const { tokens } = await child
        .load(params())
        .then(() => child.generate(request()))
        .finally(() => Reflect.deleteProperty(process.env, 'NODE_OPTIONS'));
      await child.releaseSequence('completion');
      while (child.pid !== undefined) await sleep(5);
      let files = await filesThere();
      assert.equal(files.length, 3);
      const partial = files.find((file) => file.endsWith('.tmp'));
      assert.ok(partial, 'the kill met no file in the middle');
      const again = await child.generate(request());
      assert.deepEqual(again.tokens, tokens);
      assert.equal(again.restoredTokens, 256 * files.filter((file) => file.endsWith('.rows')).length);
      await utimes(path.join(set.folder, set.name, partial), new Date(), new Date(Date.now() - 120_000));
      await child.unload();
      files = await filesThere();
      assert.ok(files.length === CHUNKS && !hasPartial(files), files.join());
      assert.deepEqual(lines, []);
    });

    it('are the same if two processes write them at once', async () => {
      await load();
      await child.load(params());
      const [mine, theirs] = [await generate(), await child.generate(request())];
      await Promise.all([engine.keepContexts(), child.keepContexts()]);
      assert.deepEqual(theirs.tokens, mine.tokens);
      assert.equal((await filesThere()).length, CHUNKS);
      await restart();
      assert.equal((await generate()).restoredTokens, CHUNKS * 256);
      assert.deepEqual(lines, []);
    });
  });
});
