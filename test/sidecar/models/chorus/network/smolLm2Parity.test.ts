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
import { onGgmlKernels } from '../../../../reference/ggmlKernels.ts';
import { compareLogits, flatRows } from '../../../../reference/compareLogits.ts';

const CONTEXT_TOKENS = 512;
const GENERATED = 16;
/** Tokens behind so many need the next padding step of the cache's rows. */
const LONG = 250;
/** The last tokens of a prompt, whose logits are compared. */
const COMPARED = 40;
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
  onGgmlKernels();
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
    for (const tokens of [...texts.slice(0, 3), prose.slice(0, LONG / 2)]) {
      const { given, expected } = continued(peerByProducts, tokens);
      own.push(
        compareLogits(await teacherForced(oursTransposed, tokens.length, given), expected, peer.vocabularySize)
          .meanDivergence,
      );
      const byFlash = [
        ...promptLogits(peer, tokens),
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

/** Returns the logits of the last `COMPARED` tokens of a prompt. */
function promptLogits(peer: LibLlama, tokens: readonly number[]): Float32Array[] {
  peer.clear();
  const [before, compared] = [tokens.slice(0, -COMPARED), tokens.slice(-COMPARED)];
  if (before.length > 0) peer.decode(before, 0, { read: false });
  return peer.decode(compared, before.length, { all: true });
}

/** Continues a prompt greedily. Returns all tokens, with the prompt's before, and the logits of the compared ones. */
function continued(
  peer: LibLlama,
  tokens: readonly number[],
): { readonly given: readonly number[]; readonly expected: readonly Float32Array[] } {
  const expected = promptLogits(peer, tokens);
  const given = [...tokens];
  for (let step = 0; step < GENERATED; step++) {
    const next = greedy(expected.at(-1) as Float32Array);
    expected.push(...peer.decode([next], given.length));
    given.push(next);
  }
  return { given, expected };
}

/** Evaluates given tokens, the prompt in two pieces. Resolves with the logits of the compared tokens. */
async function teacherForced(
  { network, sequence }: OpenedNetwork,
  promptTokens: number,
  given: readonly number[],
): Promise<Float32Array> {
  sequence.truncate(0);
  const first = Math.max(0, promptTokens - COMPARED);
  if (first > 0) await network.evaluate(sequence, given.slice(0, first), 'none');
  const rows = [await network.evaluate(sequence, given.slice(first, promptTokens), 'all')];
  for (const token of given.slice(promptTokens)) rows.push(await network.evaluate(sequence, [token], 'last'));
  const logits = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const row of rows) {
    logits.set(row, at);
    at += row.length;
  }
  return logits;
}
