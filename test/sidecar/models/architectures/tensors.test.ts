import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import type { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { checkModel } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { writeTinyModel } from '../../../reference/tinyModels.ts';

/** Tensors that other architectures do not have: the variant, the name, its extents, and other extents. */
const cases: readonly (readonly [variant: string, tensor: string, extents: number[], wrong: number[]])[] = [
  ['granite', 'blk.1.ffn_norm.weight', [256], [128]],
  ['mistral3', 'blk.1.ffn_gate.weight', [256, 512], [256, 256]],
  ['glm4moe', 'blk.1.post_attention_norm.weight', [256], [128]],
  ['glm4moe', 'blk.1.exp_probs_b.bias', [8], [4]],
  ['glm4moe', 'blk.2.ffn_down_shexp.weight', [256, 256], [256, 128]],
  ['glm4moe', 'blk.0.ffn_up.weight', [256, 512], [256, 256]],
  ['granitehybrid', 'blk.0.ssm_in.weight', [256, 1_288], [256, 1_280]],
  ['granitehybrid', 'blk.2.ssm_norm.weight', [512], [256]],
  ['granitehybrid', 'blk.0.ssm_conv1d.weight', [4, 768], [3, 768]],
  ['granitehybrid+experts', 'blk.3.ffn_up_shexp.weight', [256, 256], [256, 128]],
  ['qwen35', 'blk.0.attn_qkv.weight', [256, 512], [256, 256]],
  ['qwen35', 'blk.1.attn_q.weight', [256, 512], [256, 256]],
  ['qwen35', 'blk.2.ssm_a', [4], [2]],
  ['qwen35', 'blk.2.ssm_dt.bias', [4], [2]],
  ['qwen35moe', 'blk.0.ffn_gate_inp_shexp.weight', [256], [128]],
  ['gpt-oss', 'blk.1.attn_sinks.weight', [4], [2]],
  ['gpt-oss', 'blk.2.ffn_gate_inp.bias', [8], [4]],
  ['gpt-oss', 'blk.2.ffn_down_exps.bias', [256, 8], [256, 4]],
  ['gpt-oss', 'blk.3.ffn_gate_exps.weight', [256, 256, 8], [256, 256, 4]],
];

describe('the tensors of an architecture', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-tensors-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [variant, tensor, extents, wrong] of cases) {
    it(`are refused by name: ${variant} without ${tensor}`, async () => {
      await refused(
        await write(variant, [tensor]),
        `the tensor ${tensor} is missing, expected [${extents.join(', ')}]`,
      );
    });

    it(`are refused by name: ${variant} with another shape of ${tensor}`, async () => {
      const file = await write(variant);
      const bytes = await readFile(file);
      // Behind the name: the number of extents (u32), then the extents (u64 each).
      const at = bytes.indexOf(tensor) + tensor.length + 4;
      for (const [index, extent] of wrong.entries()) bytes.writeBigUInt64LE(BigInt(extent), at + 8 * index);
      await writeFile(file, bytes);
      await refused(file, `the tensor ${tensor} has the shape [${wrong.join(', ')}], expected [${extents.join(', ')}]`);
    });
  }

  async function write(variant: string, omit: readonly string[] = []): Promise<string> {
    using device = new Device('cpu', { threads: 1 });
    const file = path.join(folder, `${variant}.gguf`);
    await writeTinyModel(file, { variant, type: 'F32', device, omit });
    return file;
  }
});

async function refused(file: string, says: string): Promise<void> {
  await assert.rejects(checkModel(file), (error: TroubleError) => {
    assert.equal(error.code, 'invalid-model', error.message);
    assert.ok(error.message.includes(says), error.message);
    return true;
  });
}
