import assert from 'node:assert/strict';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import type { LowRankUpcycleResult } from '../../../../sidecar/workshop/protocol.ts';
import { upcycleLowRank } from '../../../../sidecar/workshop/upcycle/lowRank/upcycleLowRank.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { plainLlamaLogits } from '../../../reference/plainLlama.ts';
import { plainMixture } from '../../../reference/plainMixture.ts';
import { readTensors } from '../../../reference/readTensors.ts';
import { writeMerged, writeTinyAdapter } from '../../../reference/tinyAdapters.ts';
import { TINY_LLAMA, TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const RANK = 4;
const SCALE = 0.5;
const tokens = Array.from({ length: 12 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);

describe('upcycling models that were trained further to low-rank experts', () => {
  let folder: string;
  let device: Device;
  /** `trained` is the base with the change by `adapter`, of rank 4, in three matrices of each block. */
  let files: Readonly<Record<'base' | 'adapter' | 'trained', string>>;
  const at = (name: string): string => path.join(folder, name);
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-model-difference-'));
    device = new Device('cpu', { threads: 2 });
    files = { base: at('base.gguf'), adapter: at('adapter.gguf'), trained: at('trained.gguf') };
    await writeModel('base.gguf', {});
    await writeTinyAdapter(files.adapter, files.base, {
      rank: RANK,
      alpha: SCALE * RANK,
      matrices: ['attn_q', 'attn_v', 'ffn_down'],
    });
    await writeMerged(files.trained, files.base, files.adapter, SCALE);
  });
  after(async () => {
    device[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function writeModel(name: string, options: Partial<Parameters<typeof writeTinyModel>[1]>): Promise<string> {
    const written = { variant: 'llama', type: 'F32', device, omit: ['.bias'], vocabulary: tinyVocabulary() } as const;
    await writeTinyModel(at(name), { ...written, ...options });
    return at(name);
  }

  const make = (rank: number, ...experts: readonly string[]): Promise<LowRankUpcycleResult> =>
    upcycleLowRank({
      basePath: files.base,
      outputPath: at('mixture.gguf'),
      experts: experts.map((file, index) => ({ name: `expert${index + 1}`, path: file })),
      rank,
      expertsUsed: 0,
      gateMode: 'renormalised',
      form: 'projections',
      gates: { kind: 'zero' },
    });

  it('finds a change of low rank, so that the expert computes what the model computes', async () => {
    const { outputPath, experts } = await make(RANK, files.adapter, files.trained);
    assert.deepEqual(experts[1]?.change, undefined);
    assert.deepEqual(experts[2]?.change?.lostTensors, []);
    assert.ok(Math.abs((experts[2]?.change?.keptShare ?? 0) - 1) < 1e-5, `${experts[2]?.change?.keptShare}`);
    using network = await openNetwork(files.trained, { placement: onOneDevice(device), capacityTokens: 256 });
    const expected = await network.logits(tokens, { chunkTokens: 64 });
    const [base, factors] = [await readTensors(files.base), await readTensors(outputPath)];
    for (const forced of [1, 2]) {
      const rows = plainLlamaLogits(
        TINY_LLAMA,
        base,
        tokens,
        tokens.map(() => 0),
        plainMixture(factors, { experts: 2, scale: 1, forced }).hooks,
      );
      const { normalisedSquaredError } = compareLogits(
        expected,
        rows.map((row) => Float32Array.from(row)),
        TINY_VOCABULARY,
      );
      assert.ok(normalisedSquaredError <= 1e-5, `expert ${forced}: ${normalisedSquaredError}`);
    }
  });

  it('tells how much of a change its factors keep', async () => {
    const { outputPath, experts } = await make(2, files.trained);
    const [base, trained, factors] = await Promise.all([files.base, files.trained, outputPath].map(readTensors));
    let [all, lost] = [0, 0];
    for (const [name, values] of base as Map<string, number[]>) {
      const [a, b] = [factors?.get(`${name}.lora_a`), factors?.get(`${name}.lora_b`)];
      if (!a || !b) continue;
      const columns = a.length / 2;
      for (const [index, value] of values.entries()) {
        const change = (trained?.get(name)?.[index] as number) - value;
        const [row, column] = [Math.floor(index / columns), index % columns];
        const kept = b[row * 2]! * a[column]! + b[row * 2 + 1]! * a[columns + column]!;
        all += change ** 2;
        lost += (change - kept) ** 2;
      }
    }
    const share = 1 - lost / all;
    assert.ok(share > 0.4 && share < 0.9, `${share}`);
    assert.ok(
      Math.abs((experts[1]?.change?.keptShare ?? 0) - share) < 1e-3,
      `${experts[1]?.change?.keptShare}, ${share}`,
    );
  });

  it('names the tensors that experts can not change', async () => {
    const { experts } = await make(1, await writeModel('other.gguf', { seed: 2 }));
    const lost = experts[1]?.change?.lostTensors ?? [];
    for (const name of ['token_embd.weight', 'output_norm.weight', 'blk.3.ffn_norm.weight'])
      assert.ok(lost.includes(name));
    assert.ok(!lost.some((name) => /attn_q|ffn_up/.test(name)), lost.join(', '));
  });

  const refused: readonly (readonly [what: string, write: () => Promise<string>, says: RegExp])[] = [
    [
      'the model itself',
      () => writeModel('same.gguf', {}),
      /same\.gguf changes no matrix of .*base\.gguf that experts/,
    ],
    [
      'a model of another size',
      () => writeModel('narrow.gguf', { keys: { feed_forward_length: { type: 'u32', value: 256 } } }),
      /llama\.feed_forward_length is 512 in base\.gguf and 256 in narrow\.gguf/,
    ],
    [
      'a model with NaN',
      async () => {
        const file = await writeModel('damaged.gguf', { seed: 2 });
        const { tensors, dataOffsetBytes } = await readGgufHeader(file);
        const offset = tensors.find(({ name }) => name === 'blk.1.ffn_up.weight')?.offsetBytes as number;
        await using handle = await open(file, 'r+');
        await handle.write(Buffer.from(Float32Array.of(NaN).buffer), 0, 4, dataOffsetBytes + offset);
        return file;
      },
      /The change of blk\.1\.ffn_up\.weight in .*damaged\.gguf is infinite or NaN/,
    ],
  ];
  for (const [what, write, says] of refused)
    it(`refuses ${what}, and leaves nothing`, async () => {
      await rm(at('mixture.gguf'), { force: true });
      const file = await write();
      const before = (await readdir(folder)).sort();
      await assert.rejects(make(2, file), says);
      assert.deepEqual((await readdir(folder)).sort(), before);
    });
});
