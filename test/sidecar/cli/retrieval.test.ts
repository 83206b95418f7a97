import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Device } from '../../../kernels/ggml/device.ts';
import { PATIENCE_MS } from '../../patience.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { Bundles } from './bundles.ts';
import { CommandLines } from './commandLines.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

let bundles: Bundles;
let work: string;
let model: string;
before(async () => {
  bundles = await Bundles.open();
  work = await mkdtemp(path.join(os.tmpdir(), 'chorus-retrieval-'));
  model = path.join(work, 'tiny.gguf');
  using device = new Device('cpu', { threads: 1 });
  await writeTinyModel(model, {
    variant: 'llama',
    type: 'F32',
    device,
    vocabulary: tinyVocabulary(),
    omit: ['.bias'],
    keys: { context_length: { type: 'u32', value: 2_048 } },
  });
});
after(async () => {
  await bundles[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true });
});

async function chorus(
  ...commandLine: readonly string[]
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode?: number }> {
  return execa(process.execPath, [bundles.cli, ...commandLine, '--model', model, '--device', 'cpu', '--threads', '1'], {
    cwd: root,
    reject: false,
    timeout: PATIENCE_MS,
    input: '',
    env: { CHORUS_HOME: path.join(work, 'home') },
  });
}

async function json<Result>(...commandLine: readonly string[]): Promise<Result> {
  const { stdout } = await chorus(...commandLine, '--json');
  return JSON.parse(stdout) as Result;
}

interface Recall {
  readonly cache: string;
  readonly contexts: number;
  readonly contextReads: number;
  readonly questions: number;
  readonly right: number;
  readonly interval: readonly [number, number];
  readonly answers: readonly {
    readonly context: number;
    readonly value: string;
    readonly answer: string;
    readonly isRight: boolean;
  }[];
}

interface Needle {
  readonly asked: number;
  readonly found: number;
  readonly cells: readonly {
    readonly length: number;
    readonly depth: number;
    readonly share: number;
    readonly answers: readonly object[];
  }[];
}

describe('chorus recall', () => {
  const small = ['recall', '--length', '600', '--contexts', '2', '--constants', '3'];

  for (const cache of ['full', 'snapkv:128', 'tiered:64,window=32']) {
    it(`with --cache ${cache} counts the right answers after contexts that are each evaluated once`, async () => {
      const result = await json<Recall>(...small, '--cache', cache);
      assert.deepEqual([result.cache, result.contexts, result.questions, result.answers.length], [cache, 2, 6, 6]);
      assert.equal(result.right, result.answers.filter(({ isRight }) => isRight).length);
      assert.ok(result.contextReads >= 2 && result.contextReads < 2.4, String(result.contextReads));
      assert.ok(result.interval[0] <= result.right / 6 && result.right / 6 <= result.interval[1]);
    });
  }

  it('repeats its questions with the same seed, and asks others with another seed', async () => {
    const [first, second, other] = [
      await json<Recall>(...small),
      await json<Recall>(...small),
      await json<Recall>(...small, '--seed', '7'),
    ];
    assert.deepEqual(first, second);
    assert.notDeepEqual(
      first.answers.map(({ value }) => value),
      other.answers.map(({ value }) => value),
    );
  });

  it('does not measure the full cache in place of the requested one', async () => {
    const narrow = path.join(work, 'narrow.gguf');
    using device = new Device('cpu', { threads: 1 });
    const heads = { type: 'u32', value: 16 } as const;
    await writeTinyModel(narrow, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      omit: ['.bias'],
      keys: {
        'attention.head_count': heads,
        'attention.head_count_kv': heads,
        context_length: { type: 'u32', value: 2_048 },
      },
    });
    const { stdout, stderr, exitCode } = await execa(
      process.execPath,
      [bundles.cli, ...small, '--cache', 'tiered:64,type=q8_0', '--model', narrow, '--device', 'cpu', '--threads', '1'],
      { cwd: root, reject: false, timeout: PATIENCE_MS, input: '', env: { CHORUS_HOME: path.join(work, 'home') } },
    );
    assert.deepEqual([stdout, exitCode === 0], ['', false]);
    assert.match(
      stderr,
      /The cache "tiered:64,type=q8_0" needs Chorus's own engine, but llama\.cpp runs narrow\.gguf: .*this model's heads have 16\. Leave out "type"\./,
    );
  });

  it('hides constants in the texts of a folder', async () => {
    const result = await json<Recall>(...small, '--text', path.join(root, 'sidecar/workshop/retrieval'));
    assert.equal(result.questions, 6);
  });

  it('prints how many answers were right, of how many contexts', async () => {
    const { stdout } = await chorus(...small);
    assert.match(
      stdout,
      /^\d of 6 right, \d+\.\d % \(95 %: \d+\.\d % to \d+\.\d %\)\n2 contexts of \d+ tokens on average, cache full \(chorus, CPU\)$/,
    );
  });
});

describe('chorus needle', () => {
  const small = ['needle', '--lengths', '200,400', '--depths', '0,100', '--needles', '2'];

  it('gives the share of facts found for each length and depth, with a heat map', async () => {
    const svg = path.join(work, 'map.svg');
    const { asked, found, cells } = await json<Needle>(...small, '--svg', svg, '--cache', 'snapkv:96');
    assert.equal(asked, 8);
    assert.deepEqual(
      cells.map(({ length, depth, answers }) => [length, depth, answers.length]),
      [
        [200, 0, 2],
        [200, 100, 2],
        [400, 0, 2],
        [400, 100, 2],
      ],
    );
    assert.equal(
      found,
      cells.reduce((sum, { share }) => sum + 2 * share, 0),
    );
    const drawing = await readFile(svg, 'utf8');
    assert.match(drawing, /^<svg [\s\S]*cache snapkv:96[\s\S]*<\/svg>\n$/);
    assert.equal(drawing.match(/<rect [^>]*stroke=/g)?.length, 4);
  });

  it('prints a table of lengths and depths', async () => {
    const { stdout } = await chorus(...small);
    assert.match(stdout, /^depth +200 +400\n +0 % +\d+\.0 % +\d+\.0 %\n100 % +\d+\.0 % +\d+\.0 %\n\n\d of 8 found/);
  });
});

describe('chorus recall and needle with invalid arguments', () => {
  const cases: readonly {
    readonly what: string;
    readonly commandLine: readonly string[];
    readonly says: RegExp;
    readonly exitCode: number;
  }[] = [
    {
      what: 'with texts that do not exist',
      commandLine: ['recall', '--text', 'gone'],
      says: /gone can't be read as a folder of texts/,
      exitCode: 1,
    },
    {
      what: 'with too little text',
      commandLine: ['recall', '--length', '1024', '--text', 'little'],
      says: /The texts have only \d+ tokens, too few for a context of 1024/,
      exitCode: 1,
    },
    {
      what: 'with a context larger than the model’s',
      commandLine: ['recall', '--length', '4096'],
      says: /Contexts of 4096 tokens and an answer do not fit into the model's context of 2048/,
      exitCode: 1,
    },
    {
      what: 'with more constants than there are names',
      commandLine: ['recall', '--constants', '401'],
      says: /whole number from 1 to 400/,
      exitCode: 2,
    },
    {
      what: 'with more constants than fit',
      commandLine: ['recall', '--length', '256', '--constants', '100'],
      says: /more than the 256 tokens of a context/,
      exitCode: 1,
    },
    {
      what: 'with an unknown cache',
      commandLine: ['recall', '--cache', 'snap:64'],
      says: /There is no cache "snap"/,
      exitCode: 1,
    },
    {
      what: 'with a cache that llama.cpp does not have',
      commandLine: ['needle', '--engine', 'llama', '--cache', 'snapkv:64'],
      says: /llama\.cpp keeps the full cache/,
      exitCode: 1,
    },
    {
      what: 'with a depth beyond the end',
      commandLine: ['needle', '--depths', '0,101'],
      says: /whole number from 0 to 100/,
      exitCode: 2,
    },
    {
      what: 'with invalid lengths',
      commandLine: ['needle', '--lengths', '512,,1024'],
      says: /whole number from 64 to/,
      exitCode: 2,
    },
    {
      what: 'with texts longer than the model’s context',
      commandLine: ['needle', '--lengths', '512,8192'],
      says: /Texts of 8192 tokens and an answer do not fit into the model's context of 2048/,
      exitCode: 1,
    },
    {
      what: 'with a drawing that cannot be written',
      commandLine: ['needle', '--lengths', '128', '--depths', '0', '--needles', '1', '--svg', 'gone/map.svg'],
      says: /map\.svg can't be written/,
      exitCode: 2,
    },
  ];
  const commandLines = new CommandLines(() => ({ CHORUS_HOME: path.join(work, 'home') }));
  after(() => commandLines[Symbol.asyncDispose]());
  before(async () => {
    await mkdir(path.join(work, 'little'));
    await writeFile(path.join(work, 'little', 'one.ts'), 'export const one = 1;\n');
  });
  for (const { what, commandLine, says, exitCode } of cases) {
    it(`report an error in one line and one JSON object: ${what}`, async () => {
      const given = [
        ...commandLine.map((argument) => (argument === 'little' ? path.join(work, 'little') : argument)),
        '--model',
        model,
        '--device',
        'cpu',
        '--threads',
        '1',
      ];
      const plain = await commandLines.run(given);
      const asJson = await commandLines.run([...given, '--json']);
      assert.match(plain.stderr, says);
      assert.deepEqual([plain.stderr.split('\n').length, plain.stdout, plain.exitCode], [1, '', exitCode]);
      const { error } = JSON.parse(asJson.stdout) as { error: { message: string } };
      assert.match(error.message, says);
    });
  }
});
