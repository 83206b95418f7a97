import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { execa, type Options, type Result } from 'execa';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { contextsFolder } from '../../../sidecar/keptContexts/contextSets.ts';
import { learningFolder } from '../../../sidecar/keptContexts/learntFolder.ts';
import { expertFolder } from '../../../sidecar/learning/expertStore.ts';
import { stopRunning } from '../../../sidecar/client/makeWay.ts';
import { contextSetName, workspaceKeyOf } from '../../../sidecar/keptContexts/workspaceKey.ts';
import { sizeOfParts } from '../../../sidecar/models/gguf/parts.ts';
import { bundledModelPath } from '../../../sidecar/shelf/defaultModel.ts';
import { PATIENCE_MS } from '../../patience.ts';
import { writeFirstBlocks } from '../../reference/firstBlocks.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { tinyModel, writeGguf } from '../models/ggufFile.ts';
import { until } from '../front/support/sidecar.ts';
import { ModelMirror } from '../shelf/modelMirror.ts';
import { stallAfter, whole } from '../shelf/modelServer.ts';
import { Bundles } from './bundles.ts';
import { CommandLines } from './commandLines.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

let work: string;
let bundles: Bundles;
let model: string;
let bundledBytes: number;
/** With the small test model as the default one, since the bundled model takes long to load. */
let environment: NodeJS.ProcessEnv;

before(async () => {
  model = await fetchModel();
  bundledBytes = await sizeOfParts((await bundledModelPath()) as string);
  work = await mkdtemp(path.join(os.tmpdir(), 'chorus-cli-test-'));
  bundles = await Bundles.open();
  environment = {
    CHORUS_HOME: path.join(work, 'home'),
    CHORUS_MODEL: model,
    TMPDIR: work,
    TEMP: work,
    TMP: work,
    LC_ALL: 'C',
  };
});
after(async () => {
  await stopShared();
  await bundles[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

/** Stops the shared sidecar. Tests share it, as commands do; tests that begin without it stop it. */
function stopShared(): Promise<boolean> {
  return stopRunning(environment['CHORUS_HOME']);
}

async function chorus(
  commandLine: readonly string[],
  options: Options = {},
): Promise<Result & { stdout: string; stderr: string; exitCode?: number }> {
  const result = await execa(process.execPath, [bundles.cli, ...commandLine], {
    reject: false,
    timeout: PATIENCE_MS,
    input: '',
    env: environment,
    ...options,
  });
  return result as Result & { stdout: string; stderr: string };
}

async function json(commandLine: readonly string[], options?: Options): Promise<Record<string, unknown>> {
  const { stdout } = await chorus([...commandLine, '--json'], options);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function source(name: string, text: string): Promise<string> {
  const file = path.join(work, name);
  await writeFile(file, text);
  return file;
}

const SUBTRACT =
  'export function add(a: number, b: number): number {\n  return a + b;\n}\n\nexport function subtract(a: number, b: number): number {\n  \n}\n';

/** Returns the remaining folders of sidecars that commands started for themselves. */
async function ownHomes(): Promise<readonly string[]> {
  return (await readdir(work)).filter((name) => /^chorus-cli-\w{6}$/.test(name));
}

describe('chorus with the bundled model', () => {
  before(() => {
    environment['CHORUS_MODEL'] = undefined;
  });
  after(async () => {
    await stopShared();
    environment['CHORUS_MODEL'] = model;
  });

  it('info shows architecture, engine, device and the reasons', async () => {
    const info = await json(['info']);
    assert.equal(info['architecture'], 'qwen2');
    assert.equal(info['engine'], 'chorus');
    assert.equal(typeof info['device'], 'string');
    assert.equal(info['sizeBytes'], bundledBytes);
    assert.ok(Number(info['threads']) >= 1 && Number(info['threads']) <= os.availableParallelism());
    assert.ok(Array.isArray(info['deviceReasons']));
    assert.match((await chorus(['info'])).stdout, /^Architecture +qwen2$/m);
  });

  it('complete prints the text for a place, in a file whose name has spaces and non-Latin letters', async () => {
    const file = await source('математика 1.ts', SUBTRACT);
    // Without this, the time limit ends it on a busy machine.
    const commandLine = ['complete', `${file}:6:3`, '--timeout', '100'];
    const answer = await json(commandLine);
    assert.equal(answer['text'], 'return a - b;');
    assert.equal((await chorus(commandLine)).stdout, 'return a - b;');
  });

  it('models lists the bundled model', async () => {
    const { stdout } = await chorus(['models', '--json']);
    const models = JSON.parse(stdout) as { source: string; sizeBytes: number }[];
    assert.equal(models.find(({ source }) => source === 'bundled')?.sizeBytes, bundledBytes);
  });
});

describe('chorus', () => {
  it('generate continues a text, the same every time at temperature 0', async () => {
    const prompt = 'function add(a, b) {\n  return';
    const first = await json(['generate', prompt, '--max-tokens', '3']);
    assert.equal(first['text'], ' a + b');
    assert.equal(first['generatedTokens'], 3);
    assert.equal(
      (await chorus(['generate', '-', '--max-tokens', '3'], { input: prompt })).stdout.trim(),
      String(first['text']).trim(),
    );
  });

  it('chat answers a question from the command line and from standard input', async () => {
    const argument = await json(['chat', 'Name', 'a', 'colour']);
    const input = await json(['chat'], { input: 'Name a colour' });
    assert.ok(String(argument['text']).length > 0);
    assert.equal(argument['stopReason'], 'end');
    assert.equal(input['stopReason'], 'end');
  });

  it('upcycle makes a mixture of two models that continues a text as they do', async () => {
    const copy = path.join(work, 'copy.gguf');
    const out = path.join(work, 'mixture.gguf');
    await copyFile(model, copy);
    const made = await json(['upcycle', model, copy, '--out', out, '--kv', 'shared']);
    assert.deepEqual([made['outputPath'], made['experts']], [out, 2]);
    const answer = await json([
      'generate',
      'The capital of France is',
      '--max-tokens',
      '3',
      '--model',
      out,
      '--device',
      'cpu',
    ]);
    assert.match(String(answer['text']), /^ Paris/);
    const refused = await chorus(['info', '--model', out, '--engine', 'llama']);
    assert.match(refused.stderr, /only Chorus's own engine runs/);
    await Promise.all([copy, out].map((file) => rm(file)));
  });

  it('quantize writes the model smaller, and it continues a text as before', async () => {
    const out = path.join(work, 'small.gguf');
    const made = await json([
      'quantize',
      model,
      '--type',
      'q4_0',
      '--tensor',
      'token_embd=Q8_0',
      '--tensor',
      'attn_v=Q6_K',
      '--out',
      out,
    ]);
    assert.equal(made['outputPath'], out);
    assert.deepEqual((made['types'] as { type: string }[]).map(({ type }) => type).sort(), ['F32', 'Q4_0', 'Q8_0']);
    const answer = await json([
      'generate',
      'The capital of France is',
      '--max-tokens',
      '3',
      '--model',
      out,
      '--device',
      'cpu',
    ]);
    assert.match(String(answer['text']), /^ Paris/);
    await rm(out);
  });

  it('quantize names the types that it wrote, and why it changed some', async () => {
    const [few, out] = [path.join(work, 'few.gguf'), path.join(work, 'small.gguf')];
    await writeFirstBlocks(model, few, { blocks: 2 });
    const { stdout } = await chorus(['quantize', few, '--type', 'q4_0', '--tensor', 'attn_v=Q6_K', '--out', out]);
    assert.match(stdout, /small\.gguf: 36\.\d MB became 21\.\d MB\n +Q4_0 +13 tensors/);
    assert.match(
      stdout,
      /2 tensors became Q8_0 instead of Q6_K, since rows of 576 values do not fill its blocks: blk\.0\.attn_v\.weight, /,
    );
    await Promise.all([few, out].map((file) => rm(file)));
  });

  it('outliers shows the loss with fewer bits, and the reason in each layer', async () => {
    const small = path.join(work, 'random.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(small, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
    const text = await source(
      'text.txt',
      'It was the best of times, it was the worst of times, it was the age of wisdom.',
    );
    const commandLine = ['outliers', small, '--file', text, '--tokens', '12', '--ctx', '12'];
    const result = await json(commandLine);
    assert.deepEqual(
      (result['evaluations'] as { name: string }[]).map(({ name }) => name),
      ['float', 'W8A8', 'W8', 'W4', 'W4A8'],
    );
    assert.equal((result['inputs'] as unknown[]).length, 4 * 4);
    const { stdout } = await chorus([...commandLine, '--threads', '1']);
    assert.match(stdout, /^11 tokens, \d+ bytes\n\n +bits per byte +change\nfloat +\d+\.\d{4}\nW8A8 /);
    assert.match(stdout, /\n +3 +ffn_down +-?\d/);
    await rm(small);
  });

  it('select shows the rows of a context that each layer and KV head keeps', async () => {
    const text = await source('context.ts', SUBTRACT.repeat(3));
    const commandLine = ['select', '--file', text, '--cache', 'snapkv:24,window=4,kernel=3'];
    const { tokens, layers } = (await json(commandLine)) as { tokens: number; layers: { heads: number[][] }[] };
    assert.deepEqual(
      layers.map(({ heads }) => heads.map(({ length }) => length)),
      Array.from({ length: 30 }, () => [24, 24, 24]),
    );
    for (const rows of layers.flatMap(({ heads }) => heads)) {
      assert.deepEqual(
        rows,
        [...new Set(rows)].sort((a, b) => a - b),
      );
      assert.deepEqual(
        rows.slice(-4),
        [4, 3, 2, 1].map((last) => tokens - last),
      );
    }
    const ids = await source('context.json', JSON.stringify(Array.from({ length: 20 }, (_, index) => 1_000 + index)));
    const { stdout } = await chorus([
      'select',
      '--tokens',
      ids,
      '--cache',
      'snapkv:24,window=4,kernel=3',
      '--model',
      model,
      '--threads',
      '1',
    ]);
    assert.match(stdout, /^20 tokens; .*\n\nlayer +rows +0–1 +2–3 .* 18–19\n +0 +20( +100 %){10}\n/);
  });

  it(
    'models download pauses at Ctrl+C and resumes with the same command, and models remove deletes the model',
    { skip: process.platform === 'win32' },
    async () => {
      await using mirror = await ModelMirror.start(model, 'Q4_1', stallAfter(30_000_000), whole);
      const commandLine = [
        'models',
        'download',
        'smollm2-135m',
        'Q4_1',
        '--catalogue',
        mirror.catalogue,
        '--mirror',
        mirror.server.origin,
      ];
      const paused = execa(process.execPath, [bundles.cli, ...commandLine], { reject: false, env: environment });
      const partial = path.join(work, 'home', 'models', 'smollm2-135m', `${mirror.file}.part`);
      await until(
        async () => (await stat(partial).catch(() => undefined))?.size === 30_000_000,
        'a part of it is there',
      );
      paused.kill('SIGINT');
      const { exitCode, stderr } = await paused;
      assert.equal(exitCode, 130);
      assert.match(stderr, /^SmolLM2 135M: Apache-2\.0\nPaused\. Run the same command to resume\.$/);
      const { path: file } = await json(commandLine);
      assert.deepEqual(await readFile(String(file)), await readFile(model));
      assert.deepEqual(mirror.server.ranges, ['-', 'bytes=30000000-']);
      assert.deepEqual(await json(['models', 'remove', String(file)]), { removed: { path: file } });
      assert.equal(existsSync(String(file)), false);
    },
  );

  it('models lists the models of the given folder', async () => {
    const folder = path.join(work, 'own models');
    await mkdir(folder);
    await copyFile(model, path.join(folder, 'mine.gguf'));
    const { stdout } = await chorus(['models', '--json', '--folder', folder]);
    const models = JSON.parse(stdout) as { source: string; name: string }[];
    assert.deepEqual(
      models.filter(({ source }) => source === 'chorus').map(({ name }) => name),
      ['mine'],
    );
  });

  it('models download requires an accepted licence if it forbids commercial use', async () => {
    const { exitCode, stdout } = await chorus(['models', 'download', 'aya-23-8b', '--json']);
    assert.equal(exitCode, 2);
    assert.match(stdout, /Aya 23 8B may not be used commercially \(CC-BY-NC-4\.0\)/);
  });

  it(
    'leaves no unfinished model file on Ctrl-C, which reaches every process of a terminal',
    { skip: process.platform === 'win32' && 'Windows has no process groups' },
    async () => {
      const folder = path.join(work, 'stopped');
      await mkdir(folder);
      const child = execa(
        process.execPath,
        [bundles.cli, 'quantize', model, '--type', 'Q4_K', '--out', path.join(folder, 'x.gguf')],
        { reject: false, env: environment, detached: true },
      );
      while ((await readdir(folder)).length === 0) await setTimeout(5);
      process.kill(-(child.pid as number), 'SIGINT');
      const { exitCode, stderr } = await child;
      assert.deepEqual([exitCode, stderr], [130, '']);
      assert.deepEqual(await readdir(folder), []);
    },
  );

  it('is a language server over standard input and output, which ends with its editor', async () => {
    const messages = [
      {
        id: 1,
        method: 'initialize',
        params: { processId: null, rootUri: null, capabilities: { textDocument: { inlineCompletion: {} } } },
      },
      { method: 'initialized', params: {} },
      { id: 2, method: 'shutdown' },
      { method: 'exit' },
    ];
    const input = messages
      .map((message) => JSON.stringify({ jsonrpc: '2.0', ...message }))
      .map((text) => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
      .join('');
    const { stdout, exitCode } = await chorus(['lsp', '--stdio', '--threads', '1'], { input });
    assert.match(stdout, /"inlineCompletionProvider":true/);
    assert.equal(exitCode, 0);
    assert.deepEqual(await ownHomes(), []);
  });
});

describe('chorus with a tiny model', () => {
  before(async () => {
    await stopShared();
    const tiny = path.join(work, 'tiny.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(tiny, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      omit: ['.bias'],
      keys: { context_length: { type: 'u32', value: 8_192 } },
    });
    environment['CHORUS_MODEL'] = tiny;
  });
  after(async () => {
    await stopShared();
    environment['CHORUS_MODEL'] = model;
  });

  it('status starts nothing, and stop ends what runs', async () => {
    await stopShared();
    const nothing = await chorus(['status', '--json']);
    assert.deepEqual([JSON.parse(nothing.stdout), nothing.exitCode], [{ running: false }, 3]);
    await json(['info']);
    const running = await json(['status']);
    assert.equal(running['running'], true);
    assert.equal(running['state'], 'ready');
    assert.deepEqual(await json(['stop']), { stopped: true });
    assert.deepEqual(await json(['stop']), { stopped: false });
  });

  it('leaves the shared sidecar and its model unchanged if options choose another', async () => {
    await json(['info']);
    const before = await json(['status']);
    const own = await json([
      'info',
      '--model',
      String(environment['CHORUS_MODEL']),
      '--device',
      'cpu',
      '--threads',
      '1',
      '--context-size',
      '512',
    ]);
    assert.deepEqual([own['device'], own['threads'], own['contextSizeTokens']], ['CPU', 1, 512]);
    const after = await json(['status']);
    assert.deepEqual(
      [after['pid'], after['threads'], after['contextSizeTokens']],
      [before['pid'], before['threads'], before['contextSizeTokens']],
    );
    assert.deepEqual(await ownHomes(), []);
  });

  it('forget deletes the kept contexts of a folder and of no other, whether the sidecar runs or not', async () => {
    const folder = path.join(work, 'project');
    const kept = async (uri: string): Promise<string> => {
      const set = path.join(contextsFolder(environment['CHORUS_HOME']), contextSetName(workspaceKeyOf([uri])));
      await mkdir(set, { recursive: true });
      await writeFile(path.join(set, 'a.rows'), 'x');
      return set;
    };
    const learnt = async (): Promise<string> => {
      const name = contextSetName(workspaceKeyOf([pathToFileURL(folder).href]));
      const { folder: expert, expertFile } = expertFolder(learningFolder(environment['CHORUS_HOME']), name);
      await mkdir(expert, { recursive: true });
      await writeFile(expertFile, 'x');
      return expert;
    };
    const other = await kept('file:///elsewhere');
    await stopShared();
    for (const isRunning of [false, true]) {
      const set = await kept(pathToFileURL(folder).href);
      const expert = await learnt();
      if (isRunning) await json(['info']);
      assert.deepEqual(await json(['forget', folder]), { forgotten: folder });
      assert.deepEqual([existsSync(set), existsSync(expert), existsSync(other)], [false, false, true]);
    }
    const link = path.join(work, 'linked');
    await mkdir(folder);
    await symlink(folder, link, 'junction');
    const sets = await Promise.all([folder, link].map((opened) => kept(pathToFileURL(opened).href)));
    await json(['forget', link]);
    assert.deepEqual(sets.map(existsSync), [false, false], 'the folder may have been opened by either path');
  });

  it(
    'stops generating on Ctrl-C, exits with 130, and leaves nothing behind',
    { skip: process.platform === 'win32' && 'Windows has no SIGINT for another process' },
    async () => {
      const child = execa(
        process.execPath,
        [bundles.cli, 'generate', 'Once upon a time', '--max-tokens', '4000', '--threads', '1'],
        { reject: false, env: environment },
      );
      child.stdout.once('data', () => child.kill('SIGINT'));
      const { exitCode, stderr } = await child;
      assert.deepEqual([exitCode, stderr], [130, '']);
      assert.deepEqual(await ownHomes(), []);
    },
  );

  it('says how much memory a model needs and how much is free if it is too large, and then runs the next command', async () => {
    const large = path.join(work, 'large.gguf');
    const rows = 2 ** 31;
    const columns = 1024;
    const tiny = tinyModel();
    // 8 TiB of zeros that take no space on the disk.
    const embedding = { name: 'blk.0.ffn_up.weight', shape: [columns, rows], type: 0, offset: tiny.dataBytes };
    await writeGguf(
      large,
      tinyModel({ tensors: [...tiny.tensors, embedding], dataBytes: tiny.dataBytes + columns * rows * 4 }),
    );
    const refused = await chorus(['info', '--model', large]);
    assert.match(refused.stderr, /large\.gguf needs about \d+\.?\d* .B of memory .*are free/);
    assert.deepEqual([refused.stderr.split('\n').length, refused.stdout, refused.exitCode], [1, '', 1]);
    const { error } = (await json(['generate', 'Hello', '--model', large])) as { error: { code: string } };
    assert.equal(error.code, 'out-of-memory');
    assert.equal((await json(['generate', 'The capital of France is', '--max-tokens', '3']))['generatedTokens'], 3);
  });
});

describe('chorus with invalid arguments', () => {
  const cases: readonly {
    readonly what: string;
    readonly commandLine: readonly string[];
    readonly says: RegExp;
    readonly exitCode: number;
    readonly code: string;
  }[] = [
    {
      what: 'without a place',
      commandLine: ['complete'],
      says: /missing required argument/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'with an invalid place',
      commandLine: ['complete', 'main.ts'],
      says: /FILE:LINE:COL/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'with a file that does not exist',
      commandLine: ['complete', 'gone.ts:1:1'],
      says: /gone\.ts is not a file/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'with an unknown engine',
      commandLine: ['info', '--engine', 'steam'],
      says: /Allowed choices are auto, chorus, llama/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'with more threads than cores',
      commandLine: ['info', '--threads', '4096'],
      says: /from 1 to \d+/,
      exitCode: 2,
      code: 'usage',
    },
    { what: 'with an empty question', commandLine: ['chat'], says: /it is empty/, exitCode: 2, code: 'usage' },
    {
      what: 'upcycling nothing',
      commandLine: ['upcycle', '--out', 'x.gguf'],
      says: /missing required argument/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'upcycling by prompts without a file',
      commandLine: ['upcycle', 'gone.gguf', '--out', 'x.gguf', '--gates', 'hidden'],
      says: /needs --prompts/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'upcycling by invalid prompts',
      commandLine: [
        'upcycle',
        'gone.gguf',
        '--out',
        'x.gguf',
        '--gates',
        'hidden',
        '--prompts',
        path.join(root, 'tsconfig.json'),
      ],
      says: /Expected \[\{"positive"/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'upcycling a model that does not exist',
      commandLine: ['upcycle', 'gone.gguf', '--out', 'x.gguf'],
      says: /gone\.gguf/,
      exitCode: 1,
      code: 'model-not-found',
    },
    {
      what: 'quantising to no type',
      commandLine: ['quantize', 'gone.gguf', '--out', 'x.gguf'],
      says: /required option '--type <type>' not specified/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'quantising to an unknown type',
      commandLine: ['quantize', 'gone.gguf', '--type', 'Q3', '--out', 'x.gguf'],
      says: /Expected one of F32, F16, BF16, Q8_0/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'quantising by a pattern without a type',
      commandLine: ['quantize', 'gone.gguf', '--type', 'Q8_0', '--out', 'x.gguf', '--tensor', 'ffn'],
      says: /Expected REGEX=TYPE/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'quantising by an invalid pattern',
      commandLine: ['quantize', 'gone.gguf', '--type', 'Q8_0', '--out', 'x.gguf', '--tensor', '(=F16'],
      says: /Unterminated group/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'quantising a model that does not exist',
      commandLine: ['quantize', 'gone.gguf', '--type', 'Q8_0', '--out', 'x.gguf'],
      says: /gone\.gguf/,
      exitCode: 1,
      code: 'model-not-found',
    },
    {
      what: 'looking for outliers without a text',
      commandLine: ['outliers', 'gone.gguf'],
      says: /required option '--file <file>' not specified/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'looking for outliers on a text that does not exist',
      commandLine: ['outliers', 'gone.gguf', '--file', 'gone.txt'],
      says: /gone\.txt can't be read as UTF-8 text/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'measuring perplexity on a text that does not exist',
      commandLine: ['perplexity', '--file', 'gone.txt'],
      says: /gone\.txt can't be read as UTF-8 text/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'quantising with a text that does not exist',
      commandLine: ['quantize', 'gone.gguf', '--type', 'Q4_0', '--out', 'out.gguf', '--calibrate', 'gone.txt'],
      says: /gone\.txt can't be read as UTF-8 text/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'measuring perplexity on a file without text',
      commandLine: ['perplexity', '--file', path.join(root, 'media/icons/chorusIcon.png')],
      says: /can't be read as UTF-8 text/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'upcycling with unused prompts',
      commandLine: ['upcycle', 'gone.gguf', '--out', 'x.gguf', '--prompts', 'gone.json'],
      says: /--prompts needs --gates hidden/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'training into a folder that does not exist',
      commandLine: ['train', '--data', 'gone.txt', '--output', path.join('gone', 'x.gguf')],
      says: /x\.gguf can't be written/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'training into a folder',
      commandLine: ['train', '--data', 'gone.txt', '--output', root],
      says: /can't be written: it is a folder/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'training a speech model with options of language models',
      commandLine: [
        'train',
        '--speech',
        '40,16,96,2,2,4,256',
        '--fim',
        '0.5',
        '--data',
        'gone.jsonl',
        '--output',
        'x.gguf',
      ],
      says: /cannot be used with option '--fim <share>'/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'training a speech model on a GPU',
      commandLine: [
        'train',
        '--speech',
        '40,16,96,2,2,4,256',
        '--device',
        'vulkan',
        '--data',
        'gone.jsonl',
        '--output',
        'x.gguf',
      ],
      says: /trained on the processor alone/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'training with gradients clipped to nothing',
      commandLine: ['train', '--clip', '0', '--data', 'gone.txt', '--output', 'x.gguf'],
      says: /--clip.*Expected a number from 0\.000001/s,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'evaluating languages into a folder that does not exist',
      commandLine: ['eval', 'languages', '--svg', path.join('gone', 'x.svg')],
      says: /x\.svg can't be written/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'with settings that the shared sidecar refuses',
      commandLine: ['models', 'shelf', '--mirror', 'x'.repeat(3_000)],
      says: /mirror/,
      exitCode: 1,
      code: 'request-failed',
    },
    {
      what: 'with settings that its own sidecar refuses',
      commandLine: ['info', '--cache', 'x'.repeat(3_000)],
      says: /cache/,
      exitCode: 1,
      code: 'request-failed',
    },
    {
      what: 'selecting without a text',
      commandLine: ['select', '--cache', 'full'],
      says: /Name a text with --file, or token numbers with --tokens/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'selecting without a selector',
      commandLine: ['select', '--file', 'gone.txt'],
      says: /required option '--cache <choice>' not specified/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'selecting from a text and from tokens',
      commandLine: ['select', '--cache', 'full', '--file', 'a.txt', '--tokens', 'a.json'],
      says: /cannot be used with option '--file <file>'/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'selecting from a text that does not exist',
      commandLine: ['select', '--cache', 'full', '--file', 'gone.txt'],
      says: /gone\.txt can't be read/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'selecting from invalid tokens',
      commandLine: ['select', '--cache', 'full', '--tokens', path.join(root, 'package.json')],
      says: /must hold a JSON array of whole numbers/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'selecting by an unknown selector',
      commandLine: ['select', '--cache', 'snap:64', '--file', path.join(root, 'LICENSE')],
      says: /There is no cache "snap"; choose full, .*snapkv/,
      exitCode: 1,
      code: 'invalid-input',
    },
    {
      what: 'selecting fewer rows than the window',
      commandLine: ['select', '--cache', 'snapkv:32,window=32', '--file', path.join(root, 'LICENSE')],
      says: /Of 32 rows 32 are the window/,
      exitCode: 1,
      code: 'invalid-input',
    },
    {
      what: 'transcribing a file that is no recording',
      commandLine: ['transcribe', path.join(root, 'LICENSE'), '--model', path.join(root, 'LICENSE')],
      says: /LICENSE can't be transcribed: it is not a WAV file/,
      exitCode: 1,
      code: 'invalid-input',
    },
    {
      what: 'transcribing a recording that does not exist',
      commandLine: ['transcribe', 'gone.wav', '--model', path.join(root, 'LICENSE')],
      says: /gone\.wav can't be read/,
      exitCode: 1,
      code: 'invalid-input',
    },
    {
      what: 'with an unknown command',
      commandLine: ['dance'],
      says: /unknown command 'dance'/,
      exitCode: 2,
      code: 'usage',
    },
    {
      what: 'with a model that does not exist',
      commandLine: ['info', '--model', 'gone.gguf'],
      says: /gone\.gguf/,
      exitCode: 1,
      code: 'model-not-found',
    },
    {
      what: 'with an invalid model',
      commandLine: ['info', '--model', path.join(root, 'LICENSE')],
      says: /not a GGUF file/,
      exitCode: 1,
      code: 'not-gguf',
    },
  ];
  const commandLines = new CommandLines(() => environment);
  after(() => commandLines[Symbol.asyncDispose]());

  for (const { what, commandLine, says, exitCode, code } of cases) {
    it(`reports an error in one line and one JSON object: ${what}`, async () => {
      const plain = await commandLines.run(commandLine);
      assert.match(plain.stderr, says);
      assert.equal(plain.stderr.split('\n').length, 1, plain.stderr);
      assert.deepEqual([plain.stdout, plain.exitCode], ['', exitCode]);
      const asJson = await commandLines.run([...commandLine, '--json']);
      const { error } = JSON.parse(asJson.stdout) as { error: { code: string; message: string } };
      assert.match(error.message, says);
      assert.deepEqual([error.code, asJson.stderr, asJson.exitCode], [code, '', exitCode]);
      assert.deepEqual(await ownHomes(), [], 'it leaves no sidecar of its own behind');
    });
  }

  it('ends the program with the right exit code, and writes to the right stream', async () => {
    const plain = await chorus(['dance']);
    assert.deepEqual([plain.stdout, plain.stderr, plain.exitCode], ['', "error: unknown command 'dance'", 2]);
    const asJson = await chorus(['info', '--model', 'gone.gguf', '--json']);
    assert.deepEqual(
      [(JSON.parse(asJson.stdout) as { error: { code: string } }).error.code, asJson.stderr, asJson.exitCode],
      ['model-not-found', '', 1],
    );
  });
});
