import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fetchModel } from '../../../../../.scripts/fetchModel.ts';
import { Device } from '../../../../../kernels/ggml/device.ts';
import { measurePerplexity } from '../../../../../sidecar/engine/measuring.ts';
import { greedy } from '../../../../../sidecar/models/decoding/sampler.ts';
import { openNetwork, OpenedNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import type { Evaluator } from '../../../../../sidecar/models/evaluator.ts';
import { LibLlama } from '../../../../../sidecar/models/llamaCpp/libLlama.ts';
import { LocalEngine } from '../../../../../sidecar/engine/localEngine.ts';
import { compareLogits, flatRows } from '../../../../reference/compareLogits.ts';

const CONTEXT_TOKENS = 512;
const GENERATED = 32;
/** Tokens behind so many need the next padding step of the cache's rows. */
const LONG = 240;
const prompts: readonly string[] = [
  'The history of the city of Paris begins with a Celtic tribe, the Parisii, who',
  'Photosynthesis is the process by which plants',
  'Dear Sir or Madam,\n\nI am writing to',
  'Q: Why is the sky blue?\nA:',
  'Once upon a time, in a village beside the sea,',
  'def fibonacci(n):\n    """Return the n-th Fibonacci number."""\n',
  'export function mean(values: number[]): number {\n  let sum = 0;\n',
  '#include <stdio.h>\n\nint main(void) {\n',
  'SELECT name, COUNT(*) FROM orders\n',
  'package main\n\nimport "fmt"\n\nfunc reverse(s string) string {\n',
];

describe('SmolLM2 on Chorus graphs and on libllama', () => {
  let device: Device;
  let ours: OpenedNetwork;
  let oursTransposed: OpenedNetwork;
  let peer: LibLlama;
  let peerByProducts: LibLlama;
  let texts: number[][];
  let prose: readonly number[];

  before(async () => {
    const modelPath = await fetchModel();
    const engine = new LocalEngine({ log: () => undefined });
    assert.equal(
      (await engine.load({ modelPath, engine: 'chorus', device: 'cpu', threads: 0, contextSizeTokens: CONTEXT_TOKENS }))
        .engine,
      'chorus',
    );
    texts = [];
    for (const prompt of prompts) texts.push([...(await engine.tokenize(prompt))]);
    prose = await engine.tokenize(prompts.slice(0, 5).join('\n').repeat(7));
    texts.push(prose.slice(0, LONG));
    await engine.dispose();
    device = new Device('cpu');
    // Row by row, both engines use flash attention and round in the same way.
    ours = await openNetwork(modelPath, {
      placement: onOneDevice(device),
      capacityTokens: CONTEXT_TOKENS,
      layout: 'rows',
    });
    oursTransposed = OpenedNetwork.over(ours.model, ours.network, { capacityTokens: CONTEXT_TOKENS });
    peer = new LibLlama(modelPath, {
      contextSizeTokens: CONTEXT_TOKENS,
      threads: 2,
      flashAttention: true,
      quiet: true,
    });
    peerByProducts = new LibLlama(modelPath, {
      contextSizeTokens: CONTEXT_TOKENS,
      threads: 2,
      flashAttention: false,
      quiet: true,
    });
  });
  after(() => {
    oursTransposed.sequence[Symbol.dispose]();
    ours[Symbol.dispose]();
    peer[Symbol.dispose]();
    peerByProducts[Symbol.dispose]();
    device[Symbol.dispose]();
  });

  for (const [index, text] of [
    ...prompts.map((prompt) => JSON.stringify(prompt.slice(0, 30))),
    `${LONG} tokens`,
  ].entries()) {
    it(`gives the same logits over ${GENERATED} greedy tokens after ${text}`, async () => {
      const tokens = texts[index] as number[];
      const { given, expected } = continued(peer, tokens);
      const actual = await teacherForced(ours, tokens.length, given);
      const { meanDivergence, argmaxDisagreements } = compareLogits(actual, expected, peer.vocabularySize);
      assert.ok(meanDivergence <= 1e-3, `mean divergence ${meanDivergence}`);
      assert.deepEqual(argmaxDisagreements, []);
    });
  }

  it('differs from libllama without flash attention as little with transposed values as libllama with it', async () => {
    const [own, theirs] = [[], []] as [number[], number[]];
    for (const tokens of [...texts.slice(0, 3), texts.at(-1) as number[]]) {
      const { given, expected } = continued(peerByProducts, tokens);
      own.push(
        compareLogits(await teacherForced(oursTransposed, tokens.length, given), expected, peer.vocabularySize)
          .meanDivergence,
      );
      peer.clear();
      const byFlash = [
        ...peer.decode(tokens, 0, { all: true }),
        ...given.slice(tokens.length).flatMap((token, step) => peer.decode([token], tokens.length + step)),
      ];
      theirs.push(compareLogits(flatRows(byFlash), expected, peer.vocabularySize).meanDivergence);
    }
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(mean(own) <= mean(theirs), `${mean(own)} and ${mean(theirs)}`);
  });

  it('has the same perplexity on both', async () => {
    const { network, sequence } = ours;
    const own: Evaluator = {
      vocabularySize: peer.vocabularySize,
      contextSizeTokens: CONTEXT_TOKENS,
      reset: () => sequence.truncate(0),
      evaluate: (tokens, wanted) => network.evaluate(sequence, tokens, wanted),
      dispose: () => undefined,
    };
    let past = 0;
    const theirs: Evaluator = {
      ...own,
      reset: () => {
        peer.clear();
        past = 0;
      },
      evaluate: async (tokens, wanted) => {
        const rows = peer.decode(tokens, past, { all: wanted === 'all' });
        past += tokens.length;
        return flatRows(rows);
      },
    };
    const params = { text: '', contextTokens: 256 };
    const { perplexity } = await measurePerplexity(own, params, { tokens: prose });
    const expected = await measurePerplexity(theirs, params, { tokens: prose });
    assert.ok(Math.abs(perplexity / expected.perplexity - 1) <= 5e-3, `${perplexity} and ${expected.perplexity}`);
  });
});

/** Continues a prompt greedily. Returns all tokens, with the prompt's before, and their logits. */
function continued(
  peer: LibLlama,
  tokens: readonly number[],
): { readonly given: readonly number[]; readonly expected: readonly Float32Array[] } {
  peer.clear();
  const expected = peer.decode(tokens, 0, { all: true });
  const given = [...tokens];
  for (let step = 0; step < GENERATED; step++) {
    const next = greedy(expected.at(-1) as Float32Array);
    expected.push(...peer.decode([next], given.length));
    given.push(next);
  }
  return { given, expected };
}

/** Evaluates given tokens, the first `promptTokens` at once. Resolves with their logits, `[tokens · vocabulary]`. */
async function teacherForced(
  { network, sequence, model }: OpenedNetwork,
  promptTokens: number,
  given: readonly number[],
): Promise<Float32Array> {
  sequence.truncate(0);
  const logits = new Float32Array(given.length * model.hyperparameters.vocabularySize);
  logits.set(await network.evaluate(sequence, given.slice(0, promptTokens), 'all'));
  for (let index = promptTokens; index < given.length; index++)
    logits.set(
      await network.evaluate(sequence, [given[index] as number], 'last'),
      index * model.hyperparameters.vocabularySize,
    );
  return logits;
}
