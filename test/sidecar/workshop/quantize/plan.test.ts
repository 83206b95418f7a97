import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import type { GgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import type { LocatedTensor } from '../../../../sidecar/models/gguf/locate.ts';
import { planTypes } from '../../../../sidecar/workshop/quantize/plan.ts';
import type { TypePattern } from '../../../../sidecar/workshop/protocol.ts';

function tensor(name: string, shape: readonly number[], type = 'F32'): LocatedTensor {
  return { name, shape, type, offsetBytes: 0, sizeBytes: 0, header: { path: 'model.gguf' } as GgufHeader };
}

const tensors = [
  tensor('token_embd.weight', [256, 1_000]),
  tensor('blk.0.attn_q.weight', [256, 256]),
  tensor('blk.0.ffn_down.weight', [512, 256]),
  tensor('blk.1.ffn_down.weight', [512, 256]),
];

function typesOf(
  given: readonly LocatedTensor[],
  type: string,
  patterns: readonly TypePattern[] = [],
): Record<string, string> {
  return Object.fromEntries(
    planTypes(given, type, patterns).map(({ source, type: planned }) => [source.name, planned]),
  );
}

describe('the types of a quantised model:', () => {
  it('matrices get the requested type, in upper or lower case', () => {
    assert.deepEqual(new Set(Object.values(typesOf(tensors, 'q4_k'))), new Set(['Q4_K']));
  });

  const kept = [
    tensor('output_norm.weight', [256]),
    tensor('blk.0.attn_q.bias', [256]),
    tensor('blk.0.attn_q_norm.weight', [64, 8]),
    tensor('blk.0.attn_output.bias', [2, 256]),
    tensor('blk.0.ffn_gate_exps.bias', [512, 8]),
    tensor('blk.0.ffn_gate_inp.weight', [256, 8]),
    tensor('blk.0.attn_gate_inp.weight', [256, 2]),
    tensor('position_embd.weight', [256, 512]),
    tensor('blk.0.ssm_conv1d.weight', [4, 256]),
    tensor('blk.0.ffn_gate_tid2eid.weight', [8, 1_000], 'I32'),
    tensor('rope_freqs.weight', [32]),
  ];
  for (const given of kept)
    it(`${given.name} keeps its type`, () => assert.equal(typesOf([given], 'Q4_0')[given.name], given.type));

  it('all experts of a block are a single tensor with a single type', () => {
    assert.deepEqual(typesOf([tensor('blk.0.ffn_up_exps.weight', [256, 512, 8])], 'Q5_0'), {
      'blk.0.ffn_up_exps.weight': 'Q5_0',
    });
  });

  it('the first matching pattern decides, and other matrices get the general type', () => {
    const patterns = [
      { pattern: '^blk\\.1\\.', type: 'Q8_0' },
      { pattern: 'ffn_down', type: 'Q6_K' },
    ];
    assert.deepEqual(typesOf(tensors, 'Q4_K', patterns), {
      'token_embd.weight': 'Q4_K',
      'blk.0.attn_q.weight': 'Q4_K',
      'blk.0.ffn_down.weight': 'Q6_K',
      'blk.1.ffn_down.weight': 'Q8_0',
    });
  });

  const fallbacks: readonly (readonly [wanted: string, columns: number, type: string])[] = [
    ['Q4_K', 576, 'Q5_0'],
    ['Q5_K', 576, 'Q5_1'],
    ['Q6_K', 576, 'Q8_0'],
    ['IQ4_XS', 576, 'IQ4_NL'],
    ['Q3_K', 576, 'IQ4_NL'],
    ['IQ3_S', 576, 'IQ4_NL'],
    ['Q4_K', 80, 'F16'],
    ['Q8_0', 80, 'F16'],
    ['IQ4_NL', 80, 'F16'],
    ['F32', 80, 'F32'],
    ['BF16', 80, 'BF16'],
  ];
  for (const [wanted, columns, type] of fallbacks) {
    it(`rows of ${columns} become ${type} if ${wanted} is requested`, () => {
      const [planned] = planTypes([tensor('output.weight', [columns, 8])], wanted, []);
      assert.deepEqual([planned?.type, planned?.wanted], [type, type === wanted ? undefined : wanted]);
    });
  }

  const wrong: readonly (readonly [what: string, type: string, patterns: readonly TypePattern[], says: RegExp])[] = [
    ['an unknown type', 'Q9_Z', [], /no type Q9_Z to quantise to, expected one of F32, F16, BF16, Q8_0/],
    ['a type that needs an importance matrix', 'IQ2_XS', [], /no type IQ2_XS/],
    ['an unknown type of a pattern', 'Q8_0', [{ pattern: 'ffn', type: 'Q4_K_M' }], /no type Q4_K_M/],
    [
      'an invalid pattern',
      'Q8_0',
      [{ pattern: '(', type: 'F16' }],
      /"\(" is not a valid regular expression for tensor names: .*Unterminated group/,
    ],
    [
      'a pattern without a match',
      'Q8_0',
      [{ pattern: 'ffn_dwon', type: 'F16' }],
      /"ffn_dwon" is in the name of no tensor/,
    ],
    [
      'a pattern that matches only kept tensors',
      'Q8_0',
      [{ pattern: 'norm', type: 'F16' }],
      /"norm" finds only tensors that stay as they are, such as output_norm\.weight/,
    ],
  ];
  for (const [what, type, patterns, says] of wrong) {
    it(`${what} is refused`, () => {
      assert.throws(
        () => planTypes([...tensors, ...kept], type, patterns),
        (error: unknown) => error instanceof TroubleError && error.code === 'invalid-input' && says.test(error.message),
      );
    });
  }

  it('a tensor of an unsupported type is refused with its name', () => {
    assert.throws(
      () => planTypes([tensor('blk.0.attn_q.weight', [256, 256], 'TQ1_0')], 'Q8_0', []),
      /tensor blk\.0\.attn_q\.weight of model\.gguf has the type TQ1_0/,
    );
  });
});
