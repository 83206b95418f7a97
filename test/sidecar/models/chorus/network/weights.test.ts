import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tensorTypes } from '../../../../../kernels/ggml/types.ts';
import type { TroubleError } from '../../../../../sidecar/common/troubleError.ts';
import { checkWeights } from '../../../../../sidecar/models/chorus/network/weights.ts';
import type { LocatedTensor } from '../../../../../sidecar/models/gguf/locate.ts';
import { TENSOR_TYPES } from '../../../../../sidecar/models/gguf/tensorTypes.ts';

/** Checks the tensors of a model with a single matrix of a type. */
function check(type: string): void {
  const tensor = { name: 'blk.0.attn_q.weight', shape: [256, 256], type } as unknown as LocatedTensor;
  checkWeights(
    [{ name: tensor.name, extents: [256, 256], use: 'matrix' }],
    new Map([[tensor.name, tensor]]),
    'model.gguf',
  );
}

describe('checkWeights', () => {
  for (const { name } of TENSOR_TYPES.values()) {
    if (name in tensorTypes) it(`may be of the type ${name}`, () => check(name));
    else {
      it(`refuses the type ${name} and names the tensor`, () => {
        assert.throws(
          () => check(name),
          (error: TroubleError) =>
            error.code === 'unsupported-model' &&
            error.message.includes('blk.0.attn_q.weight') &&
            error.message.includes(name),
        );
      });
    }
  }
});
