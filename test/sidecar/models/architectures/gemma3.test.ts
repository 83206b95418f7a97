import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { isSliding, type Hyperparameters } from '../../../../sidecar/models/architectures/architecture.ts';
import { gemma3 } from '../../../../sidecar/models/architectures/gemma3.ts';
import { Metadata } from '../../../../sidecar/models/architectures/metadata.ts';
import type { GgufHeader } from '../../../../sidecar/models/gguf/header.ts';

/** Values of Gemma 3 4B. */
const keys: Readonly<Record<string, number | string>> = {
  context_length: 131_072,
  block_count: 34,
  embedding_length: 2_560,
  feed_forward_length: 10_240,
  'attention.head_count': 8,
  'attention.head_count_kv': 4,
  'attention.key_length': 256,
  'attention.value_length': 256,
  'attention.layer_norm_rms_epsilon': 1e-6,
  'attention.sliding_window': 1_024,
  'rope.freq_base': 1_000_000,
  'rope.scaling.type': 'linear',
  'rope.scaling.factor': 8,
};

/** Reads the values with changes. `undefined` leaves a key out. */
function read(changes: Readonly<Record<string, number | string | undefined>> = {}): Hyperparameters {
  const values = Object.entries({ ...keys, ...changes }).filter(([, value]) => value !== undefined);
  const header = {
    path: 'gemma.gguf',
    metadata: new Map([
      ['general.architecture', 'gemma3'],
      ...values.map(([key, value]) => [`gemma3.${key}`, value] as const),
    ] as [string, string | number][]),
    arrayLengths: new Map([['tokenizer.ggml.tokens', 262_208]]),
    tensors: [],
  } as unknown as GgufHeader;
  return gemma3.readHyperparameters(new Metadata(header));
}

describe('gemma3', () => {
  it('lets every sixth layer attend everything, and gives sliding layers a rope without scaling', () => {
    const hyperparameters = read();
    const full = Array.from({ length: 34 }, (_, block) => block).filter((block) => !isSliding(hyperparameters, block));
    assert.deepEqual(full, [5, 11, 17, 23, 29]);
    const rope = { pairing: 'neox', dimensions: 256 } as const;
    assert.deepEqual(hyperparameters.rope, { ...rope, base: 1_000_000, frequencyScale: 1 / 8 });
    assert.deepEqual(hyperparameters.sliding?.rope, { ...rope, base: 10_000, frequencyScale: 1 });
  });

  for (const windowTokens of [undefined, 0])
    it(`has no sliding layers if the window is ${windowTokens ?? 'absent'}`, () => {
      const hyperparameters = read({ 'attention.sliding_window': windowTokens });
      assert.equal(hyperparameters.sliding, undefined);
      assert.equal(isSliding(hyperparameters, 0), false);
    });

  it('scales the scores of 62 layers by the width, and those of others by the size of a head', () => {
    const wide = {
      block_count: 62,
      embedding_length: 5_376,
      'attention.head_count': 32,
      'attention.head_count_kv': 16,
      'attention.key_length': 128,
      'attention.value_length': 128,
    };
    assert.equal(read(wide).attentionScale, 1 / Math.sqrt(168));
    assert.equal(read().attentionScale, undefined);
  });

  const wrong: readonly (readonly [
    what: string,
    code: TroubleError['code'],
    changes: Parameters<typeof read>[0],
    says: RegExp,
  ])[] = [
    ['without a width', 'invalid-model', { embedding_length: undefined }, /gemma3\.embedding_length is missing/],
    [
      'without an epsilon',
      'invalid-model',
      { 'attention.layer_norm_rms_epsilon': undefined },
      /gemma3\.attention\.layer_norm_rms_epsilon is missing, expected a number/,
    ],
    [
      'with a window that is text',
      'invalid-model',
      { 'attention.sliding_window': 'long' },
      /gemma3\.attention\.sliding_window is "long", expected a number/,
    ],
    [
      'with a pattern that is no whole number',
      'invalid-model',
      { 'attention.sliding_window_pattern': 1.5 },
      /gemma3\.attention\.sliding_window_pattern is 1\.5, expected a whole number/,
    ],
    [
      'with heads that do not share KV heads evenly',
      'invalid-model',
      { 'attention.head_count_kv': 3 },
      /8 attention heads are not a multiple of 3 KV heads/,
    ],
    [
      'with a cap of the logits',
      'unsupported-model',
      { final_logit_softcapping: 30 },
      /gemma3\.final_logit_softcapping is 30/,
    ],
  ];
  for (const [what, code, changes, says] of wrong)
    it(`refuses a file ${what}`, () => {
      assert.throws(
        () => read(changes),
        (error: TroubleError) =>
          error.code === code && /^gemma\.gguf: /.test(error.message) && says.test(error.message),
      );
    });
});
