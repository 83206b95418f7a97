import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { measurePerplexity } from '../../../sidecar/engine/measuring.ts';
import { greedy } from '../../../sidecar/engine/sampler.ts';
import { openNetwork, type OpenedNetwork } from '../../../sidecar/models/chorus/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/placement.ts';
import type { Evaluator } from '../../../sidecar/models/evaluator.ts';
import { LibLlama } from '../../../sidecar/models/llamaCpp/libLlama.ts';
import { LocalEngine } from '../../../sidecar/models/localEngine.ts';
import { compareLogits } from '../../reference/compareLogits.ts';

const CONTEXT_TOKENS = 512;
const GENERATED = 128;
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

describe('SmolLM2 on our graphs against libllama', () => {
  let device: Device;
  let ours: OpenedNetwork;
  let peer: LibLlama;
  let texts: number[][];
  let prose: readonly number[];

  before(async () => {
    const modelPath = await fetchModel();
    const engine = new LocalEngine({ log: () => undefined });
    assert.equal((await engine.load({ modelPath, engine: 'chorus', device: 'cpu', threads: 0, contextSizeTokens: CONTEXT_TOKENS })).engine, 'chorus');
    texts = [];
    for (const prompt of prompts) texts.push([...(await engine.tokenize(prompt))]);
    prose = await engine.tokenize(prompts.slice(0, 5).join('\n').repeat(12));
    await engine.dispose();
    device = new Device('cpu');
    ours = await openNetwork(modelPath, { placement: onOneDevice(device), capacityTokens: CONTEXT_TOKENS });
    peer = new LibLlama(modelPath, { contextSizeTokens: CONTEXT_TOKENS, threads: 2, quiet: true });
  });
  after(() => {
    ours[Symbol.dispose]();
    peer[Symbol.dispose]();
    device[Symbol.dispose]();
  });

  for (const [index, prompt] of prompts.entries()) {
    it(`gives the same logits over ${GENERATED} greedy tokens after ${JSON.stringify(prompt.slice(0, 30))}`, async () => {
      const tokens = texts[index] as number[];
      peer.clear();
      const expected = peer.decode(tokens, 0, { all: true });
      const given = [...tokens];
      for (let step = 0; step < GENERATED; step++) {
        const next = greedy(expected.at(-1) as Float32Array);
        expected.push(...peer.decode([next], given.length));
        given.push(next);
      }
      ours.sequence.truncate(0);
      const rows = [await ours.network.evaluate(ours.sequence, tokens, 'all')];
      for (const token of given.slice(tokens.length)) rows.push(await ours.network.evaluate(ours.sequence, [token], 'last'));
      const actual = new Float32Array(given.length * peer.vocabularySize);
      let offset = 0;
      for (const row of rows) {
        actual.set(row, offset);
        offset += row.length;
      }
      const { meanDivergence, argmaxDisagreements } = compareLogits(actual, expected, peer.vocabularySize);
      assert.ok(meanDivergence <= 1e-3, `mean divergence ${meanDivergence}`);
      assert.deepEqual(argmaxDisagreements, []);
    });
  }

  it('has the same perplexity', async () => {
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
        return Float32Array.from(rows.flatMap((row) => [...row]));
      },
    };
    const params = { text: '', contextTokens: 256 };
    const { perplexity } = await measurePerplexity(own, params, { tokens: prose });
    const expected = await measurePerplexity(theirs, params, { tokens: prose });
    assert.ok(Math.abs(perplexity / expected.perplexity - 1) <= 5e-3, `${perplexity} and ${expected.perplexity}`);
  });
});
