import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Device } from '../../../kernels/ggml/device.ts';
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
      keys: { block_count: { type: 'u32', value: 1 }, context_length: { type: 'u32', value: 4_096 } },
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
    Array.from({ length: 200 }, (_, line) => `export const part${file}_${line} = price(${line});`).join('\n');

  const learnArguments = (...given: readonly string[]): readonly string[] => [
    ...[bundles.cli, 'learn', '--model', model, '--tokens', '1024', '--places', '4', '--threads', '1'],
    ...given,
  ];
  const learn = (...given: readonly string[]) =>
    execa(process.execPath, learnArguments(...given), { ...options, input: '' });
  const learnt = async (...options: readonly string[]): Promise<Learnt> => {
    const { stdout, stderr } = await learn(...options, '--json');
    assert.ok(stdout.startsWith('{'), stdout + stderr);
    return JSON.parse(stdout) as Learnt;
  };
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
    const { paths } = JSON.parse(await readFile(path.join(folder as string, 'expert.json'), 'utf8')) as {
      paths: readonly string[];
    };
    assert.ok(paths.length >= 3 && paths.every((name) => /^part\d\.ts$/.test(name)), paths.join());
  });

  it('continues with the expert of the pass before', async () => {
    assert.equal((await learnt(shop)).trainedTokens, 2048);
  });

  it('begins anew if a file that it knows is ignored now', async () => {
    const [folder] = await expertFolders();
    const { paths } = JSON.parse(await readFile(path.join(folder as string, 'expert.json'), 'utf8')) as {
      paths: readonly string[];
    };
    await writeFile(path.join(shop, '.gitignore'), `generated.ts\n${paths[0]}\n`);
    assert.equal((await learnt(shop)).trainedTokens, 1024);
  });

  it('continues a killed pass, and begins a new one if a text has changed', async () => {
    const interrupted = path.join(work, 'interrupted');
    await mkdir(interrupted);
    for (let file = 0; file < 6; file++) await writeFile(path.join(interrupted, `part${file}.ts`), sourceOf(file));
    const before = new Set(await expertFolders());
    const running = learn(interrupted, '--tokens', '100000');
    let folder: string | undefined;
    while (!folder || !(await readdir(path.join(folder, 'pass', 'training')).catch(() => [])).length) {
      await sleep(100);
      folder = (await expertFolders()).find((each) => !before.has(each));
    }
    running.kill('SIGKILL');
    await running;
    await writeFile(path.join(interrupted, 'part0.ts'), sourceOf(7));
    assert.equal((await learnt(interrupted)).trainedTokens, 1024);
  });

  it('prints its progress for an editor, and goes on after a pause', async () => {
    const running = execa(process.execPath, learnArguments(shop, '--events', '--workspace-key', 'progress'), {
      ...options,
      stdin: 'pipe',
      buffer: { stdout: false },
    });
    const steps = new Set<string>();
    let result: Learnt | undefined;
    for await (const line of createInterface({ input: running.stdout })) {
      const printed = JSON.parse(line) as { readonly progress?: { readonly step: string; readonly share: number } };
      if (!printed.progress) result = printed as unknown as Learnt;
      else {
        const isFirst = !steps.has(printed.progress.step);
        steps.add(printed.progress.step);
        if (isFirst) running.stdin.write('pause\nresume\n');
      }
    }
    assert.deepEqual([...steps], ['Measuring the model', 'Learning', 'Measuring what was learnt']);
    assert.equal(result?.trainedTokens, 1024);
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

  it('learns under the key of an editor', async () => {
    const before = new Set(await expertFolders());
    await learnt(shop, '--workspace-key', 'a key');
    const added = (await expertFolders()).filter((folder) => !before.has(folder));
    assert.deepEqual(
      added.map((folder) => path.basename(folder)),
      [contextSetName('a key')],
    );
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
