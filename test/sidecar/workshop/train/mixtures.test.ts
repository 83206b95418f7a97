import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import type { UpcycleParams } from '../../../../sidecar/workshop/protocol.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { modelFromFile } from '../../../../sidecar/workshop/train/trainedModel.ts';
import { train } from '../../../../sidecar/workshop/train/training.ts';
import { upcycle } from '../../../../sidecar/workshop/upcycle/upcycle.ts';
import { checkNetworkGradients } from '../../../reference/networkGradients.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';
import { errorOfTrainedLogits, TRAINED_LOGITS_TOLERANCE } from '../../../reference/trainedLogits.ts';

const EXPERTS = 3;
/**
 * A seed whose routers choose clearly. If two experts were almost equally likely, a finite difference might change the
 * choice.
 */
const ROUTER_SEED = 7;

/**
 * The results of `chorus upcycle` for three models. Lavapipe needs more than a minute for each, so devices train only
 * the variants that cover the most.
 */
const kinds: readonly {
  readonly name: string;
  readonly changes: Partial<UpcycleParams>;
  readonly isInterrupted?: true;
  readonly onDevices?: true;
}[] = [
  { name: 'the average of the experts', changes: { dense: true } },
  { name: 'BTX, one network of three', changes: { attention: 'average', gateMode: 'faithful' }, isInterrupted: true },
  { name: 'BTX, two networks of three', changes: { attention: 'average', expertsUsed: 2, gateMode: 'renormalised' } },
  {
    name: 'BAM, keys and values of each expert, soft attention',
    changes: { cache: 'expert', gateMode: 'faithful' },
    onDevices: true,
  },
  { name: 'BAM, shared keys and values, soft attention', changes: { cache: 'shared', gateMode: 'scaled' } },
  {
    name: 'BAM, keys and values of each expert, top-1 attention',
    changes: { cache: 'expert', attention: 1, gateMode: 'faithful' },
    isInterrupted: true,
  },
  {
    name: 'BAM, shared keys and values, top-2 attention, experts in every second block',
    changes: { cache: 'shared', attention: 2, interval: 2, gateMode: 'faithful' },
    onDevices: true,
  },
];

let folder: string;
let options: TrainOptions;
let experts: readonly string[];
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-mixtures-'));
  options = await tinyTraining(folder, {
    schedule: { kind: 'wsd', peakRate: 0.01, floorShare: 0.1, warmUpSteps: 3, totalSteps: 40, decayShare: 0.2 },
  });
  experts = await Promise.all(
    Array.from({ length: EXPERTS }, async (_, expert) => {
      const { outputPath } = await train({
        ...named(`expert${expert}`),
        seed: expert,
        schedule: { ...options.schedule, totalSteps: 4 },
      });
      return outputPath as string;
    }),
  );
});
after(() => rm(folder, { recursive: true, force: true }));

const named = (name: string): TrainOptions => ({
  ...options,
  checkpointFolder: path.join(folder, `${name}.checkpoints`),
  outputPath: path.join(folder, `${name}.gguf`),
});

async function mixture(changes: Partial<UpcycleParams>): Promise<string> {
  const outputPath = path.join(folder, 'mixture.gguf');
  await upcycle({
    modelPaths: experts,
    outputPath,
    dense: false,
    cache: 'expert',
    expertsUsed: 1,
    gateMode: 'faithful',
    attention: 'soft',
    interval: 1,
    gates: { kind: 'random', seed: ROUTER_SEED },
    ...changes,
  });
  return outputPath;
}

for (const [number, { name, changes, isInterrupted, onDevices }] of kinds.entries()) {
  if (process.env['CHORUS_TEST_DEVICE'] !== undefined && !onDevices) continue;
  describe(`training ${name}`, () => {
    let modelPath: string;
    before(async () => {
      modelPath = await mixture(changes);
    });

    it(
      'has gradients that equal central finite differences',
      { skip: process.env['CHORUS_TEST_DEVICE'] !== undefined && "differences would show the device's rounding" },
      async () => {
        await checkNetworkGradients(await modelFromFile(modelPath));
      },
    );

    it('lowers the loss, and writes a file with the same outputs', async () => {
      const wanted = { ...named(`whole${number}`), modelPath, scratch: undefined };
      const { losses, outputPath } = await train(wanted);
      assert.ok(
        (losses.at(-1) as number) < 0.7 * (losses[0] as number),
        `the loss went from ${losses[0]} to ${losses.at(-1)}`,
      );
      const error = await errorOfTrainedLogits(outputPath as string);
      assert.ok(error < TRAINED_LOGITS_TOLERANCE, `normalised squared error ${error}`);
    });

    if (!isInterrupted) return;

    it('resumes with the same losses', async () => {
      const wanted = { ...named(`stopped${number}`), modelPath, scratch: undefined };
      const stopping = new AbortController();
      await train(wanted, { signal: stopping.signal, onProgress: ({ step }) => step === 5 && stopping.abort() });
      const { losses } = await train(wanted);
      assert.deepEqual(losses, (await train({ ...named(`whole${number}`), modelPath, scratch: undefined })).losses);
    });

    it('trains weights that are not frozen, and keeps the rest byte by byte', async () => {
      const isFrozen = (tensor: string): boolean =>
        /_exps|attn_q|attn_output|ffn_(gate|up|down)\.|token_embd/.test(tensor);
      const { outputPath } = await train({
        ...named(`frozen${number}`),
        modelPath,
        scratch: undefined,
        freeze: ['_exps', 'attn_q', 'attn_output', 'ffn_(gate|up|down)\\.', 'token_embd'],
        schedule: { ...options.schedule, totalSteps: 2 },
      });
      const [before, after] = [await tensorsOf(modelPath), await tensorsOf(outputPath as string)];
      assert.equal(after.size, before.size);
      for (const [tensor, bytes] of before) assert.equal(after.get(tensor)?.equals(bytes), isFrozen(tensor), tensor);
    });
  });
}

async function tensorsOf(file: string): Promise<Map<string, Buffer>> {
  const { tensors, dataOffsetBytes } = await readGgufHeader(file);
  const bytes = await readFile(file);
  return new Map(
    tensors.map(({ name, offsetBytes, sizeBytes }) => [
      name,
      bytes.subarray(dataOffsetBytes + offsetBytes, dataOffsetBytes + offsetBytes + sizeBytes),
    ]),
  );
}

describe("routers that can't learn from the text", () => {
  const cases: readonly (readonly [what: string, changes: Partial<UpcycleParams>, says: RegExp | undefined])[] = [
    [
      'a single feed-forward expert, its gate divided by itself',
      { attention: 'soft', gateMode: 'renormalised' },
      /^In the feed-forward networks a single expert runs/,
    ],
    [
      'a single feed-forward and attention expert, their gates divided by themselves',
      { attention: 1, gateMode: 'renormalised' },
      /^In the feed-forward networks and attention a single expert runs/,
    ],
    ['a single feed-forward and attention expert, gates times three', { attention: 1, gateMode: 'scaled' }, undefined],
    [
      'two of each, their gates divided by their sum',
      { attention: 2, expertsUsed: 2, gateMode: 'renormalised' },
      undefined,
    ],
  ];
  for (const [index, [what, changes, says]] of cases.entries()) {
    it(`are ${says ? '' : 'not '}reported: ${what}`, async () => {
      const notes: string[] = [];
      await train(
        {
          ...named(`idle${index}`),
          modelPath: await mixture(changes),
          scratch: undefined,
          schedule: { ...options.schedule, totalSteps: 1 },
        },
        { onNote: (note) => notes.push(note) },
      );
      const said = notes.find((note) => note.includes('a single expert runs'));
      if (says) assert.match(said ?? '', says);
      else assert.equal(said, undefined);
    });
  }
});
