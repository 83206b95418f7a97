import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Device } from '../../../kernels/ggml/device.ts';
import { parseJson } from '../../../sidecar/common/parseJson.ts';
import { readPowerSource } from '../../../sidecar/front/power/powerSource.ts';
import { contextSetName } from '../../../sidecar/keptContexts/workspaceKey.ts';
import { PATIENCE_MS } from '../../patience.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { Bundles } from './bundles.ts';

interface Learnt {
  readonly trainedTokens: number;
  readonly heldOut: Readonly<Record<'files' | 'natsBefore' | 'natsAfter' | 'lines', number>>;
  readonly general: Readonly<Record<'natsBefore' | 'natsAfter', number>>;
  readonly adopted: boolean;
  readonly reason?: string;
}

interface Progress {
  readonly progress?: { readonly step: string; readonly share: number };
}

interface Status {
  readonly expert?: Learnt & Readonly<Record<'files' | 'bytes' | 'endedMs', number>> & { readonly fitsModel: boolean };
  readonly isUnfinished: boolean;
}

const onBattery = (await readPowerSource()) === 'battery' && 'on battery';
/** The option to learn in the background. On battery nothing is learnt there. */
const background: readonly string[] = onBattery ? [] : ['--background'];

describe('chorus learn', () => {
  let bundles: Bundles;
  let work: string;
  let model: string;
  let shop: string;
  let options: { readonly reject: false; readonly timeout: number; readonly env: Readonly<Record<string, string>> };
  before(async () => {
    bundles = await Bundles.open();
    work = await mkdtemp(path.join(os.tmpdir(), 'chorus-cli-learn-'));
    model = path.join(work, 'tiny.gguf');
    options = { reject: false, timeout: PATIENCE_MS, env: { CHORUS_HOME: path.join(work, 'home'), LC_ALL: 'C' } };
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(model, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      omit: ['.bias'],
      keys: { block_count: { type: 'u32', value: 1 }, context_length: { type: 'u32', value: 640 } },
    });
    shop = path.join(work, 'shop');
    await mkdir(shop);
    for (let file = 0; file < 6; file++) await writeFile(path.join(shop, `part${file}.ts`), sourceOf(file));
    await writeFile(path.join(shop, '.gitignore'), 'generated.ts\n');
    await writeFile(path.join(shop, 'generated.ts'), sourceOf(9));
  });
  after(async () => {
    await bundles[Symbol.asyncDispose]();
    await rm(work, { recursive: true, force: true });
  });

  const sourceOf = (file: number): string =>
    Array.from({ length: 200 }, (_, line) => `let p${file}_${line} = f(${line});`).join('\n');

  const learnArguments = (...given: readonly string[]): readonly string[] => [
    ...[bundles.cli, 'learn', '--model', model, '--tokens', '1024', '--places', '4', '--threads', '1'],
    ...given,
  ];
  const learn = (...given: readonly string[]) =>
    execa(process.execPath, learnArguments(...given), { ...options, input: '' });
  const printed = async <Printed = unknown>(...options: readonly string[]): Promise<Printed> => {
    const { stdout, stderr } = await learn(...options, '--json');
    assert.ok(stdout.startsWith('{'), stdout + stderr);
    return parseJson(stdout) as Printed;
  };
  const learnt = (...options: readonly string[]): Promise<Learnt> => printed(...options);
  /** Learns until the first step of the training, which ends in order. Returns the share of the pass then. */
  async function firstShareOfLearning(...given: readonly string[]): Promise<number> {
    const running = execa(process.execPath, learnArguments(...given, '--events'), {
      ...options,
      stdin: 'pipe',
      buffer: { stdout: false },
    });
    const shares: number[] = [];
    for await (const line of createInterface({ input: running.stdout })) {
      const { progress } = parseJson(line) as Progress;
      if (progress?.step !== 'Learning') continue;
      shares.push(progress.share);
      if (!running.stdin.writableEnded) running.stdin.end();
    }
    await running;
    return shares[0] ?? Number.NaN;
  }
  const expertFolders = async (): Promise<readonly string[]> => {
    const folder = path.join(work, 'home', 'learning');
    return (await readdir(folder)).filter((name) => !name.endsWith('.lock')).map((name) => path.join(folder, name));
  };

  it('trains an expert, measures it on held-out files, and tells whether it is adopted', async () => {
    const { trainedTokens, heldOut, general, adopted, reason } = await learnt(shop);
    assert.equal(trainedTokens, 1024);
    assert.ok(heldOut.files >= 1 && heldOut.lines > 0, JSON.stringify(heldOut));
    for (const nats of [heldOut.natsBefore, heldOut.natsAfter, general.natsBefore, general.natsAfter])
      assert.ok(nats > 0 && nats < 100, String(nats));
    assert.equal(adopted, reason === undefined);
    const [folder] = await expertFolders();
    assert.deepEqual((await readdir(folder as string)).sort(), ['expert.gguf', 'expert.json']);
    if (process.platform !== 'win32') assert.equal((await stat(folder as string)).mode & 0o777, 0o700);
  });

  it('remembers which files it learnt from, and none that is ignored', async () => {
    const [folder] = await expertFolders();
    const { paths } = parseJson(await readFile(path.join(folder as string, 'expert.json'), 'utf8')) as {
      paths: readonly string[];
    };
    assert.ok(paths.length >= 3 && paths.every((name) => /^part\d\.ts$/.test(name)), paths.join());
  });

  it('tells what was learnt so far, without learning', async () => {
    const { expert, isUnfinished } = await printed<Status>(shop, '--status');
    assert.equal(isUnfinished, false);
    assert.ok(expert && expert.files >= 3 && expert.bytes > 1_000, JSON.stringify(expert));
    assert.deepEqual([expert.trainedTokens, expert.fitsModel], [1024, true]);
    assert.ok(expert.endedMs <= Date.now() && expert.endedMs > Date.now() - 3_600_000, String(expert.endedMs));
    const { stdout } = await learn(shop, '--status');
    assert.match(stdout, /Learnt +1024 tokens of \d files\nOn .*Z\nHeld-out files \(\d\)/);
  });

  it('tells that nothing was learnt of another folder', async () => {
    assert.deepEqual(await printed<Status>(work, '--status', '--workspace-key', 'unknown'), { isUnfinished: false });
  });

  it('learns nothing in the background if no code is new', { skip: onBattery }, async () => {
    assert.deepEqual(await printed(shop, '--background'), { skipped: 'nothing-new' });
    assert.equal((await printed<Status>(shop, '--status')).expert?.trainedTokens, 1024);
  });

  it('learns new code in the background, and continues with the expert of the pass before', async () => {
    for (const file of [7, 8]) await writeFile(path.join(shop, `part${file}.ts`), sourceOf(file));
    assert.equal((await learnt(shop, ...background)).trainedTokens, 2048);
    if (!onBattery) assert.deepEqual(await printed(shop, ...background), { skipped: 'nothing-new' });
  });

  it('begins anew if a file that it knows is ignored now', async () => {
    const [folder] = await expertFolders();
    const { paths } = parseJson(await readFile(path.join(folder as string, 'expert.json'), 'utf8')) as {
      paths: readonly string[];
    };
    await writeFile(path.join(shop, '.gitignore'), `generated.ts\n${paths[0]}\n`);
    assert.equal((await learnt(shop)).trainedTokens, 1024);
  });

  it('continues a killed pass with its texts, and begins a new one with other options', async () => {
    const interrupted = path.join(work, 'interrupted');
    await mkdir(interrupted);
    for (let file = 0; file < 6; file++) await writeFile(path.join(interrupted, `part${file}.ts`), sourceOf(file));
    const before = new Set(await expertFolders());
    const running = learn(interrupted, '--tokens', '100000', ...background);
    let folder: string | undefined;
    const names = async (of: string): Promise<readonly string[]> =>
      readdir(path.join(of, 'pass', 'training')).catch(() => []);
    while (!folder || !(await names(folder)).some((name) => name.startsWith('step-'))) {
      await sleep(100);
      folder = (await expertFolders()).find((each) => !before.has(each));
    }
    running.kill('SIGKILL');
    await running;
    assert.equal((await printed<Status>(interrupted, '--status')).isUnfinished, true);
    for (let file = 0; file < 6; file++)
      await writeFile(path.join(interrupted, `part${file}.ts`), sourceOf(file).replaceAll('let', 'var'));
    const share = await firstShareOfLearning(interrupted, '--tokens', '100000');
    assert.ok(share > 1.5 / (100_000 / 512), `the first step is at ${share}`);
    assert.equal(await firstShareOfLearning(interrupted), 0.5, 'the first of two steps');
  });

  it('prints its progress for an editor, goes on after a pause, and learns under its key', async () => {
    const before = new Set(await expertFolders());
    const running = execa(process.execPath, learnArguments(shop, '--events', '--workspace-key', 'progress'), {
      ...options,
      stdin: 'pipe',
      buffer: { stdout: false },
    });
    const steps = new Set<string>();
    let result: Learnt | undefined;
    for await (const line of createInterface({ input: running.stdout })) {
      const printed = parseJson(line) as Progress;
      if (!printed.progress) result = printed as unknown as Learnt;
      else {
        const isFirst = !steps.has(printed.progress.step);
        steps.add(printed.progress.step);
        if (isFirst) running.stdin.write('pause\nresume\n');
      }
    }
    assert.deepEqual([...steps], ['Measuring the model', 'Learning', 'Measuring what was learnt']);
    assert.equal(result?.trainedTokens, 1024);
    const added = (await expertFolders()).filter((folder) => !before.has(folder));
    assert.deepEqual(
      added.map((folder) => path.basename(folder)),
      [contextSetName('progress')],
    );
  });

  it('stops in order when the editor closes its input, also during a pause', async () => {
    const running = execa(process.execPath, learnArguments(shop, '--events', '--tokens', '100000'), {
      ...options,
      stdin: 'pipe',
      buffer: { stdout: false },
    });
    for await (const line of createInterface({ input: running.stdout }))
      if (line.includes('"Learning"') && !running.stdin.writableEnded) running.stdin.end('pause\n');
    const { exitCode, signal } = await running;
    assert.deepEqual([exitCode, signal], [130, undefined]);
  });

  it('leaves nothing of a workspace that is forgotten while it learns', async () => {
    const before = new Set(await expertFolders());
    const running = execa(
      process.execPath,
      learnArguments(shop, '--events', '--tokens', '100000', '--workspace-key', 'forgotten'),
      { ...options, stdin: 'pipe', buffer: { stdout: false } },
    );
    const folder = path.join(work, 'home', 'learning', contextSetName('forgotten'));
    for await (const line of createInterface({ input: running.stdout }))
      if (line.includes('"Learning"') && !running.stdin.writableEnded) {
        await rm(folder, { recursive: true });
        running.stdin.end();
      }
    await running;
    assert.deepEqual(
      (await expertFolders()).filter((each) => !before.has(each)),
      [],
    );
  });

  /** Writes a model of a family without training. */
  const writeUnfitModel = async (variant: 'gemma3' | 'qwen3moe'): Promise<string> => {
    const unfit = path.join(work, `${variant}.gguf`);
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(unfit, { variant, type: 'F32', device, vocabulary: tinyVocabulary() });
    return unfit;
  };

  it('refuses a model that cannot be trained, before it measures anything', async () => {
    for (const [variant, says] of [
      ['gemma3', "gemma3.gguf has sliding attention (gemma3), which can't be trained."],
      ['qwen3moe', "qwen3moe.gguf is a mixture of experts (qwen3moe), which can't learn a workspace."],
    ] as const) {
      const unfit = await writeUnfitModel(variant);
      const { exitCode, stdout } = await learn(shop, '--model', unfit, '--json', '--workspace-key', variant);
      assert.equal(exitCode, 1);
      const { error } = parseJson(stdout) as { readonly error: { readonly message: string } };
      assert.equal(error.message, says);
      const shown = learnArguments(shop, '--model', unfit, '--events', '--workspace-key', variant);
      const { stdout: progress } = await execa(process.execPath, shown, { ...options, stdin: 'pipe' });
      assert.equal(progress, '');
    }
  });

  it('deletes an expert that knows an ignored file, also with a model that cannot be trained', async () => {
    assert.ok((await printed<Status>(shop, '--status')).expert);
    await writeFile(path.join(shop, '.gitignore'), 'part*.ts\n!part0.ts\n!part1.ts\n!part2.ts\n');
    const { exitCode } = await learn(shop, '--model', await writeUnfitModel('gemma3'), '--json');
    assert.equal(exitCode, 1);
    assert.equal((await printed<Status>(shop, '--status')).expert, undefined);
  });

  it('refuses a folder with too little code', async () => {
    const before = await expertFolders();
    const poor = path.join(work, 'poor');
    await mkdir(poor);
    await writeFile(path.join(poor, 'only.ts'), 'let a = 1;\n');
    const { exitCode, stdout } = await learn(poor, '--json');
    assert.equal(exitCode, 1);
    assert.match(stdout, /There are 1 files of code to learn from, and at least 2 different ones are needed/);
    const [folder] = (await expertFolders()).filter((each) => !before.includes(each));
    assert.deepEqual(await readdir(path.join(folder as string, 'pass')), []);
  });
});
