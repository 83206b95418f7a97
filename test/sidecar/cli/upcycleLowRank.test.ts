import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { PATIENCE_MS } from '../../patience.ts';
import { writeTinyAdapter } from '../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { Bundles } from './bundles.ts';

const mounts = await execa('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'], { reject: false }).then(
  ({ failed }) => !failed,
);

describe('chorus upcycle --low-rank', () => {
  let work: string;
  let bundles: Bundles;
  const at = (name: string): string => path.join(work, name);
  before(async () => {
    work = await mkdtemp(path.join(os.tmpdir(), 'chorus-upcycle-low-rank-'));
    bundles = await Bundles.open();
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(at('base.gguf'), { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
    for (const [index, name] of ['letters', 'digits'].entries()) {
      await writeTinyAdapter(at(`${name}.gguf`), at('base.gguf'), { rank: 4, seed: index });
      await mkdir(at(name));
    }
    await writeFile(at('letters/1.txt'), 'THE CAT SEES A BIRD');
    await writeFile(at('letters/2.txt'), 'RAIN FALLS');
    await writeFile(at('digits/1.txt'), '12+34*(56-78)');
  });
  after(async () => {
    await bundles[Symbol.asyncDispose]();
    await rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  const settings = () => ({
    reject: false as const,
    timeout: PATIENCE_MS,
    input: '',
    env: { CHORUS_HOME: at('home'), TMPDIR: work, LC_ALL: 'C' },
    cwd: work,
  });
  const chorus = (...commandLine: readonly string[]) =>
    execa(process.execPath, [bundles.cli, ...commandLine], settings());
  const upcycle = ['upcycle', '--low-rank', '--base', 'base.gguf', '--out', 'mixture.gguf'];
  const experts = ['--expert', 'letters=letters.gguf', '--expert', 'digits=digits.gguf'];
  const texts = ['--texts', 'letters=letters', '--texts', 'digits=digits/1.txt'];

  it('writes an adapter file whose experts the model uses', async () => {
    const { stdout, stderr } = await chorus(
      ...upcycle,
      ...experts,
      ...texts,
      '--texts',
      'base=letters/2.txt',
      '--json',
    );
    assert.equal(stderr, '');
    const { experts: made, blocks, outputPath } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(
      [made, blocks, outputPath],
      [
        [
          { name: 'base', texts: 1, tokens: 10 },
          { name: 'letters', texts: 2, tokens: 29 },
          { name: 'digits', texts: 1, tokens: 13 },
        ],
        4,
        at('mixture.gguf'),
      ],
    );
    const ofModel = ['--model', 'base.gguf', '--device', 'cpu'];
    const info = await chorus('info', '--json', ...ofModel, '--adapter', 'mixture.gguf');
    assert.equal((JSON.parse(info.stdout) as { experts: number }).experts, 2);
    const answer = async (...options: readonly string[]): Promise<string> =>
      (await chorus('generate', 'abc', '--max-tokens', '6', '--temperature', '0', ...ofModel, ...options)).stdout;
    assert.notEqual(await answer('--adapter', 'mixture.gguf'), await answer());
    await rm(at('mixture.gguf'));
  });

  it('says in words what it made', async () => {
    const { stdout } = await chorus(...upcycle, ...experts, '--gates', 'zero');
    assert.match(stdout, /mixture\.gguf: a mixture of 2 low-rank experts and the model alone, routers in 4 blocks/);
    await rm(at('mixture.gguf'));
  });

  it(
    'says that the disk is full, and leaves nothing',
    { skip: !mounts && 'no file system can be mounted' },
    async () => {
      await mkdir(at('disk'));
      const script = `mount -t tmpfs -o size=64k tmpfs disk && "$@"; code=$?; ls -A disk; exit $code`;
      const commandLine = [...upcycle.slice(0, -1), 'disk/mixture.gguf', ...experts, '--gates', 'zero'];
      const { stdout, stderr, exitCode } = await execa(
        'unshare',
        ['-rm', 'sh', '-c', script, 'sh', process.execPath, bundles.cli, ...commandLine],
        settings(),
      );
      assert.match(stderr, /disk\/mixture\.gguf can't be written: the disk is full, .* are needed/);
      assert.deepEqual([stdout, exitCode], ['', 1]);
    },
  );

  const wrong: readonly (readonly [what: string, commandLine: readonly string[], says: RegExp])[] = [
    ['without a model', ['upcycle', '--low-rank', '--out', 'x.gguf', ...experts], /needs the model: --base FILE/],
    ['without experts', upcycle, /needs an expert or several: --expert NAME=ADAPTER\.gguf/],
    ['with models', [...upcycle, 'letters.gguf'], /letters\.gguf is no option: .* with --expert NAME=FILE/],
    ['with an expert without a name', [...upcycle, '--expert', 'letters.gguf'], /Expected NAME=PATH/],
    ['with two experts of one name', [...upcycle, ...experts, ...experts], /Two experts have the name letters/],
    ['with an expert called base', [...upcycle, '--expert', 'base=letters.gguf'], /"base" is the model alone/],
    [
      'with texts of no expert',
      [...upcycle, ...experts, '--texts', 'rust=x'],
      /belongs to no expert\. Expected one of base, letters, digits/,
    ],
    ['with unused texts', [...upcycle, ...experts, ...texts, '--gates', 'zero'], /--gates zero reads no texts/],
    ['with routers for models', [...upcycle, ...experts, '--gates', 'hidden'], /--gates hidden is for models/],
    [
      'with options for models',
      [...upcycle, ...experts, '--kv', 'shared'],
      /--kv is for models, not for low-rank experts/,
    ],
    [
      'with an option of its own, but for models',
      ['upcycle', 'base.gguf', '--out', 'x', '--ridge', '1'],
      /--ridge needs --low-rank/,
    ],
    [
      'with gates of its own, but for models',
      ['upcycle', 'base.gguf', '--out', 'x', '--gates', 'zero'],
      /--gates zero is for --low-rank/,
    ],
  ];
  for (const [what, commandLine, says] of wrong)
    it(`is refused ${what}`, async () => {
      const before = await readdir(work);
      const { stdout, stderr, exitCode } = await chorus(...commandLine);
      assert.match(stderr, says);
      assert.deepEqual([stdout, exitCode], ['', 2]);
      assert.deepEqual(await readdir(work), before);
    });

  it('is refused with the reason for an expert without texts', async () => {
    const { stderr, exitCode } = await chorus(...upcycle, ...experts, ...texts.slice(0, 2));
    assert.match(stderr, /^chorus: The expert digits has no texts/);
    assert.equal(exitCode, 1);
  });
});
