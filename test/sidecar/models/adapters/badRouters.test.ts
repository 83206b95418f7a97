import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { openAdapter, openAdapters } from '../../../../sidecar/models/adapters/openAdapters.ts';
import { checkModel, type CheckedModel } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { copiedMetadata, type TensorSource } from '../../../../sidecar/models/gguf/content.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { writeGguf } from '../../../../sidecar/models/gguf/writer.ts';
import { writeTinyAdapter } from '../../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const WIDTH = 256;
const EXPERTS = 3;
/** More tensors than the storage of factors holds. */
const TOO_MANY = 22_001;

const routerOf = (block: number | string): string => `blk.${block}.lora_gate_inp.weight`;

describe('A mixture with a bad router', () => {
  let folder: string;
  let modelPath: string;
  let model: CheckedModel;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-bad-router-'));
    modelPath = path.join(folder, 'model.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, { variant: 'qwen2', type: 'F32', device, vocabulary: tinyVocabulary() });
    model = await checkModel(modelPath);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Zeros, which are finite in every type of floats. */
  const zeros = (name: string, type: string, shape: readonly number[], valueBytes: number): TensorSource => ({
    name,
    type,
    shape,
    chunks: () => [new Uint8Array(shape.reduce((product, extent) => product * extent, valueBytes))],
  });

  /** Writes a mixture that fits the model, with other tensors in the end. They replace those of the same names. */
  async function writeMixture(
    name: string,
    added: readonly TensorSource[],
    isKept: (tensor: string) => boolean = () => true,
  ): Promise<string> {
    const [fitting, file] = [path.join(folder, 'fitting.gguf'), path.join(folder, `${name}.gguf`)];
    await writeTinyAdapter(fitting, modelPath, { rank: 4, mixture: { experts: EXPERTS, expertsUsed: 0 } });
    const [header, bytes] = [await readGgufHeader(fitting), await readFile(fitting)];
    const replaced = new Set(added.map((tensor) => tensor.name));
    const tensors = header.tensors
      .filter((tensor) => !replaced.has(tensor.name) && isKept(tensor.name))
      .map(({ offsetBytes, sizeBytes, ...tensor }) => {
        const start = header.dataOffsetBytes + offsetBytes;
        return { ...tensor, chunks: () => [bytes.subarray(start, start + sizeBytes)] };
      });
    await writeGguf(file, { metadata: await copiedMetadata(header), tensors: [...tensors, ...added] });
    return file;
  }

  const hasFactorsIn =
    (block: number) =>
    (tensor: string): boolean =>
      tensor.startsWith(`blk.${block}.`);

  interface BadRouter {
    readonly what: string;
    readonly added: () => readonly TensorSource[];
    readonly isKept?: (tensor: string) => boolean;
    readonly reason: string;
  }
  const cases: readonly BadRouter[] = [
    {
      what: 'of integers',
      added: () => [zeros(routerOf(0), 'I32', [WIDTH, EXPERTS + 1], 4)],
      reason: `the tensor "${routerOf(0)}" is of the type I32, expected F32, F16, BF16, Q8_0`,
    },
    {
      what: 'of doubles',
      added: () => [zeros(routerOf(0), 'F64', [WIDTH, EXPERTS + 1], 8)],
      reason: `the tensor "${routerOf(0)}" is of the type F64, expected F32, F16, BF16, Q8_0`,
    },
    {
      what: 'of three extents',
      added: () => [zeros(routerOf(2), 'F32', [WIDTH, EXPERTS + 1, 2], 4)],
      reason: `the tensor ${routerOf(2)} has the shape [${WIDTH}, ${EXPERTS + 1}, 2], expected two extents`,
    },
    {
      what: 'of another shape in a block without factors',
      added: () => [zeros(routerOf(0), 'F32', [5, 7], 4)],
      isKept: hasFactorsIn(1),
      reason: `the tensor ${routerOf(0)} has the shape [5, 7], expected [${WIDTH}, ${EXPERTS + 1}] for this model`,
    },
    {
      what: 'of a block that the model lacks',
      added: () => [zeros(routerOf(4), 'F32', [WIDTH, EXPERTS + 1], 4)],
      reason: `it has the router "${routerOf(4)}", but the model has no block 4`,
    },
    {
      what: 'that is a second one of its block',
      added: () => [zeros(routerOf('00'), 'F32', [WIDTH, EXPERTS + 1], 4)],
      reason: `it has the tensor "${routerOf('00')}", expected names that end in ".lora_a" or ".lora_b"`,
    },
    {
      what: 'among too many ones',
      added: () => Array.from({ length: TOO_MANY }, (_, block) => zeros(routerOf(block), 'F32', [1], 4)),
      isKept: hasFactorsIn(1),
      reason: `it has ${TOO_MANY} routers, expected at most 1000, one for each block`,
    },
  ];
  for (const [index, { what, added, isKept, reason }] of cases.entries())
    it(`${what} is left out with the reason`, async () => {
      const file = await writeMixture(`bad-${index}`, added(), isKept);
      assert.deepEqual(await openAdapters([file], model), {
        used: [],
        refused: [`The adapter bad-${index}.gguf is not used: ${reason}.`],
      });
    });

  it('does not stop the model, which answers as without it', async () => {
    const engine = new LocalEngine({ log: () => undefined });
    try {
      const load = (adapters: readonly string[]) =>
        engine.load({ modelPath, engine: 'chorus', device: 'cpu', threads: 1, contextSizeTokens: 256, adapters });
      const answer = async (): Promise<readonly number[]> => {
        const tokens = await engine.tokenize('abc');
        const request = {
          sequence: 'one',
          tokens,
          maxTokens: 8,
          sampling: { temperature: 0 },
          priority: 'chat',
        } as const;
        return (await engine.generate(request, {})).tokens;
      };
      await load([]);
      const expected = await answer();
      for (const [index, { added, isKept, reason }] of cases.entries()) {
        const file = await writeMixture(`loaded-${index}`, added(), isKept);
        const { engineLimits, adapters } = await load([file]);
        assert.deepEqual(engineLimits, [`The adapter loaded-${index}.gguf is not used: ${reason}.`]);
        assert.equal(adapters, undefined);
        assert.deepEqual(await answer(), expected);
      }
      // A good router of a block without factors is allowed.
      const good = await writeMixture('good', [], (tensor) => tensor === routerOf(0) || hasFactorsIn(1)(tensor));
      const { engineLimits } = await load([good]);
      assert.deepEqual(engineLimits, []);
      assert.notDeepEqual(await answer(), expected);
    } finally {
      await engine.dispose();
    }
  });

  it('or with an unexpected error is left out with the name of its file', async () => {
    const file = await writeMixture('unexpected', []);
    const cause = new RangeError('Array buffer allocation failed.');
    const broken: CheckedModel = {
      ...model,
      get specs(): never {
        throw cause;
      },
    };
    const reason = "The adapter unexpected.gguf is not used: it can't be read (Array buffer allocation failed).";
    assert.deepEqual(await openAdapters([file], broken), { used: [], refused: [reason] });
    await assert.rejects(openAdapter(file, broken), { name: 'TroubleError', code: 'invalid-model', cause });
  });
});
