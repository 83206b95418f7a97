import assert from 'node:assert/strict';
import { execa } from 'execa';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { ownScript } from '../../../../sidecar/common/childProcess/ownScript.ts';
import type { TrainMessage } from '../../../../sidecar/workshop/train/messages.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { train } from '../../../../sidecar/workshop/train/training.ts';
import { trainInProcess } from '../../../../sidecar/workshop/train/trainingProcess.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';
import { startTrainingChild } from '../../../reference/trainingChild.ts';

const program = ownScript(import.meta.url, { bundle: 'cli.mjs', source: '../../../../sidecar/cli/main.ts' });
/** A network so large that writing a checkpoint takes a while: 10 MB. */
const LARGE = { width: 192, blocks: 2, heads: 4, kvHeads: 2, feedForwardWidth: 512 } as const;

/** Whether a process can mount its own small disk here. */
const mounts = !(
  await execa(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'sh', '-c', `mount -t tmpfs tmpfs "${os.tmpdir()}"`],
    { reject: false },
  )
).failed;

let folder: string;
let options: TrainOptions;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-bad-input-'));
  options = await tinyTraining(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

const named = (name: string, changes: Partial<TrainOptions> = {}): TrainOptions => ({
  ...options,
  checkpointFolder: path.join(folder, 'home', 'train', name),
  outputPath: path.join(folder, `${name}.gguf`),
  ...changes,
});

/** The command that trains with the options of `named(name)`. */
const commandLine = (name: string): readonly string[] => [
  ...[
    process.execPath,
    ...program.execArgv,
    program.file,
    'train',
    '--model',
    options.modelPath,
    '--scratch',
    '32,2,4,2,64',
    '--name',
    name,
  ],
  ...[
    '--data',
    ...options.dataPaths,
    '--output',
    path.join(folder, `${name}.gguf`),
    '--steps',
    '12',
    '--batch',
    '4',
    '--micro-batch',
    '2',
    '--sequence',
    '32',
    '--rate',
    '0.01',
  ],
  ...['--warm-up', '3', '--precision', 'f32', '--fim', '0.5', '--checkpoint-steps', '4', '--threads', '1'],
];

describe('training with bad input', () => {
  let expected: readonly number[];
  let checkpointKib: number;
  before(async () => {
    const wanted = named('whole');
    ({ losses: expected } = await train(wanted));
    checkpointKib = (await stat(path.join(wanted.checkpointFolder, 'step-00000012', 'tensors.f32'))).size / 1024;
  });

  it('skips and counts files that are not text, and trains on the others', async () => {
    const data = path.join(folder, 'mixed');
    await cp(options.dataPaths[0] as string, data, { recursive: true });
    await writeFile(path.join(data, 'picture.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1]));
    await writeFile(path.join(data, 'latin1.txt'), Buffer.from([0x63, 0x61, 0x66, 0xe9]));
    await cp(path.join(data, '0.ts'), path.join(data, 'again.ts'));
    await writeFile(path.join(data, 'empty.ts'), ' \n');
    await writeFile(path.join(data, 'large.ts'), 'x'.repeat(200_000));
    const notes: string[] = [];
    const { losses } = await trainInProcess(named('mixed', { dataPaths: [data] }), {
      onNote: (line) => notes.push(line),
    });
    assert.match(notes[0] as string, /^6 texts, .*; left out: 2 binary, 1 too large, 1 the same as others, 1 empty$/);
    assert.deepEqual(losses, expected);
  });

  it(
    'ends on a full disk with the reason, and resumes from the checkpoint before',
    { skip: mounts ? false : 'no file system of its own can be mounted here' },
    async () => {
      const home = path.join(folder, 'home');
      const disk = path.join(home, 'train', 'full');
      const kept = path.join(folder, 'kept');
      await mkdir(disk, { recursive: true });
      // Space for a checkpoint and most of another. The disk vanishes with the process, so its files are copied.
      const script = `mount -t tmpfs -o size=${Math.round(1.7 * checkpointKib)}k tmpfs "$DISK" && "$@"; code=$?; cp -r "$DISK" "$KEPT"; exit $code`;
      const result = await execa(
        'unshare',
        ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', ...commandLine('full')],
        { reject: false, env: { CHORUS_HOME: home, DISK: disk, KEPT: kept } },
      );
      assert.equal(result.exitCode, 1, result.stderr);
      assert.match(
        result.stderr,
        /The checkpoint of step 8 can't be written to .*full: the disk is full\. Earlier checkpoints are intact\./,
      );
      assert.deepEqual(await readdir(kept), ['step-00000004']);
      await cp(kept, disk, { recursive: true });
      await goesOn('full', 4);
    },
  );

  it(
    'ends on a file size limit, before anything is written',
    { skip: process.platform === 'win32' ? 'Windows has no such limit' : false },
    async () => {
      const result = await execa(
        'bash',
        ['-c', `ulimit -f ${Math.round(checkpointKib / 2)}; exec "$@"`, 'bash', ...commandLine('limited')],
        { reject: false, env: { CHORUS_HOME: path.join(folder, 'home') } },
      );
      assert.equal(result.exitCode, 1, result.stderr);
      assert.match(
        result.stderr,
        /The checkpoint of step 4 can't be written to .*limited: the system allows no file of this size/,
      );
      assert.deepEqual(await readdir(path.join(folder, 'home', 'train', 'limited')), []);
    },
  );

  it('resumes from the checkpoint before if it is killed during a checkpoint', async () => {
    const large = { scratch: LARGE, checkpointSteps: 1, schedule: { ...options.schedule, totalSteps: 3 } };
    const { losses } = await train(named('large', large));
    const wanted = named('killed', large);
    await mkdir(wanted.checkpointFolder, { recursive: true });
    const child = startTrainingChild();
    const ended = once(child, 'exit');
    const trouble = new Promise<never>((_, reject) =>
      child.on('message', (message: TrainMessage) => message.kind === 'trouble' && reject(new Error(message.message))),
    );
    using watcher = disposable(watch(wanted.checkpointFolder));
    const began = new Promise<void>((resolve) =>
      watcher.value.on('change', (_event, name) => name === '.step-00000002.part' && resolve()),
    );
    child.send({ kind: 'start', options: wanted });
    await Promise.race([began, trouble]);
    child.kill('SIGKILL');
    await ended;
    assert.deepEqual(
      (await readdir(wanted.checkpointFolder)).sort(),
      ['.step-00000002.part', 'step-00000001'],
      'it was not killed in the middle of the second checkpoint',
    );
    const steps: number[] = [];
    const resumed = await train(wanted, { onProgress: ({ step }) => steps.push(step) });
    assert.deepEqual(steps, [2, 3]);
    assert.deepEqual(resumed.losses, losses);
    assert.deepEqual((await readdir(wanted.checkpointFolder)).sort(), ['step-00000002', 'step-00000003']);
  });

  it('ends at a NaN loss, and resumes from the checkpoint before with a lower rate', async () => {
    const stopping = new AbortController();
    await train(named('diverges'), {
      signal: stopping.signal,
      onProgress: ({ step }) => step === 4 && stopping.abort(),
    });
    const wanted = named('diverges', { schedule: { ...options.schedule, peakRate: 1e25 } });
    await assert.rejects(
      trainInProcess(wanted),
      (error: Error) =>
        error instanceof TroubleError &&
        /^The training diverged: .*(step [56]).* The checkpoint of step 4 is intact: continue with a lower --rate or a longer --warm-up\.$/.test(
          error.message,
        ),
    );
    assert.deepEqual(await readdir(wanted.checkpointFolder), ['step-00000004']);
    await goesOn('diverges', 4);
  });

  it('finishes the current step and its checkpoint if the parent is gone', async () => {
    const totalSteps = 2_000;
    const wanted = named('orphan', { checkpointSteps: totalSteps, schedule: { ...options.schedule, totalSteps } });
    const child = startTrainingChild();
    const ended = once(child, 'exit');
    child.on(
      'message',
      (message: TrainMessage) => message.kind === 'progress' && message.progress.step === 2 && child.disconnect(),
    );
    child.send({ kind: 'start', options: wanted });
    assert.deepEqual(await ended, [0, null]);
    const [kept, ...others] = await readdir(wanted.checkpointFolder);
    assert.deepEqual(others, []);
    const step = Number(/^step-(\d{8})$/.exec(kept ?? '')?.[1]);
    assert.ok(step >= 2 && step < totalSteps, `the checkpoint is ${kept}`);
  });

  it('reports the whole result of a long training', async () => {
    const wanted = named('long');
    await train(wanted);
    const stateFile = path.join(wanted.checkpointFolder, 'step-00000012', 'state.json');
    const state = JSON.parse(await readFile(stateFile, 'utf8')) as { losses: number[] };
    // More than any channel between processes holds at once.
    const losses = Array.from({ length: 200_000 }, (_, index) => 1 / (index + 3));
    await writeFile(stateFile, JSON.stringify({ ...state, losses }));
    assert.deepEqual((await trainInProcess(wanted)).losses, losses);
  });

  it('ends before its first step if its signal has aborted', async () => {
    assert.equal((await trainInProcess(named('stopped-early'), { signal: AbortSignal.abort() })).step, 0);
  });

  it(
    'refuses a pipe as text instead of waiting for it',
    { skip: process.platform === 'win32' ? 'Windows has no such files' : false },
    async () => {
      const pipe = path.join(folder, 'pipe');
      await execa('mkfifo', [pipe]);
      await refused(named('pipe', { dataPaths: [pipe] }), 'invalid-input', /pipe is neither a file nor a folder/);
    },
  );

  it('refuses an output that is the model or a text, and keeps both', async () => {
    const text = path.join(folder, 'text.md');
    await cp(path.join(options.dataPaths[0] as string, '0.ts'), text);
    await refused(
      named('overwrites', { outputPath: options.modelPath }),
      'invalid-input',
      /tiny\.gguf is also an input file/,
    );
    await refused(
      named('overwrites', { dataPaths: [text], outputPath: text }),
      'invalid-input',
      /text\.md is also an input file/,
    );
    const drawing = path.join(folder, 'drawing.loss.svg');
    await writeFile(drawing, '<svg/>');
    await refused(
      named('overwrites', { dataPaths: [drawing], outputPath: path.join(folder, 'drawing.gguf') }),
      'invalid-input',
      /drawing\.loss\.svg is also an input file/,
    );
  });

  it('names a model with NaN, and its tensor', async () => {
    const model = path.join(folder, 'damaged.gguf');
    await cp(options.modelPath, model);
    const header = await readGgufHeader(model);
    const tensor = header.tensors.find(
      ({ name }) => name === 'blk.1.ffn_norm.weight',
    ) as (typeof header.tensors)[number];
    const bytes = await readFile(model);
    bytes.writeFloatLE(NaN, header.dataOffsetBytes + tensor.offsetBytes + 8);
    await writeFile(model, bytes);
    await refused(
      named('holds-nan', { scratch: undefined, modelPath: model }),
      'invalid-model',
      /The tensor blk\.1\.ffn_norm\.weight of .*damaged\.gguf holds NaN/,
    );
  });

  it('refuses sequences that do not fit into memory, before anything is computed', () => {
    const scratch = { width: 512, blocks: 64, heads: 64, kvHeads: 2, feedForwardWidth: 64 };
    return refused(
      named('too-long', { scratch, sequenceTokens: 65_536 }),
      'out-of-memory',
      /--sequence 65536 needs at least .* of memory, but only .* are free\. Expected \d+ tokens or fewer/,
    );
  });

  it('refuses heads that are not a multiple of the KV heads', () =>
    refused(
      named('heads', { scratch: { ...LARGE, kvHeads: 3 } }),
      'invalid-input',
      /3 KV heads can't be shared by 4 heads/,
    ));

  async function refused(wanted: TrainOptions, code: string, says: RegExp): Promise<void> {
    await assert.rejects(train(wanted), (error: unknown) => {
      assert.ok(error instanceof TroubleError, String(error));
      assert.match(error.message, says);
      assert.equal(error.code, code);
      return true;
    });
  }

  async function goesOn(name: string, from: number): Promise<void> {
    const steps: number[] = [];
    const { losses } = await train(named(name), { onProgress: ({ step }) => steps.push(step) });
    assert.equal(steps[0], from + 1);
    assert.deepEqual(losses, expected);
  }
});

function disposable<T extends { close(): void }>(value: T): Disposable & { readonly value: T } {
  return { value, [Symbol.dispose]: () => value.close() };
}
