import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { LibLlama } from '../../../../sidecar/models/llamaCpp/libLlama.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { TINY_VOCABULARY } from '../../../reference/tinyModels.ts';
import { contents, CONTEXT_TOKENS, Quantizing, tokens } from './quantizing.ts';

describe('a model in several parts', () => {
  let work: Quantizing;
  let folder: string;
  let result: string;
  before(async () => {
    work = await Quantizing.open();
    ({ folder, result } = work);
  });
  after(() => work[Symbol.asyncDispose]());

  const part = (number: number, parts: number): string => path.join(folder, `parts-0000${number}-of-0000${parts}.gguf`);

  it('is written if the output has the name of a first part', async () => {
    const source = await work.write('source.gguf');
    await work.make(source, 'Q8_0');
    const expected = await contents(result);
    const made = await work.make(source, 'Q8_0', { outputPath: part(1, 3) });
    const sizes = await Promise.all([1, 2, 3].map(async (number) => (await readFile(part(number, 3))).length));
    assert.equal(
      made.bytesAfter,
      sizes.reduce((sum, size) => sum + size),
    );
    assert.ok(Math.max(...sizes) < 1.6 * Math.min(...sizes), sizes.join());
    const headers = await Promise.all([1, 2, 3].map((number) => readGgufHeader(part(number, 3))));
    assert.deepEqual(
      headers.map(({ metadata }) => [
        metadata.get('split.no'),
        metadata.get('split.count'),
        metadata.get('split.tensors.count'),
      ]),
      [0, 1, 2].map((number) => [number, 3, expected.size]),
    );
    await work.make(part(1, 3), 'Q8_0');
    assert.deepEqual(await contents(result), expected);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  it('runs in both engines like a single file', async () => {
    const source = await work.write('source.gguf');
    await work.make(source, 'Q8_0', { outputPath: part(1, 2) });
    await work.make(source, 'Q8_0');
    using whole = new LibLlama(result, { contextSizeTokens: CONTEXT_TOKENS, threads: 2, quiet: true });
    using peer = new LibLlama(part(1, 2), { contextSizeTokens: CONTEXT_TOKENS, threads: 2, quiet: true });
    const expected = whole.decode(tokens, 0, { all: true });
    assert.deepEqual(peer.decode(tokens, 0, { all: true }), expected);
    using network = await openNetwork(part(1, 2), {
      placement: onOneDevice(work.device),
      capacityTokens: CONTEXT_TOKENS,
    });
    const { argmaxDisagreements } = compareLogits(
      await network.logits(tokens, { chunkTokens: 80 }),
      expected,
      TINY_VOCABULARY,
    );
    assert.deepEqual(argmaxDisagreements, []);
  });

  it('needs a tensor per part and the name of the first part, and overwrites no input', async () => {
    const source = await work.write('source.gguf');
    await assert.rejects(work.make(source, 'Q8_0', { outputPath: part(2, 3) }), /is part 2 of 3: name the first part/);
    await assert.rejects(
      work.make(source, 'Q8_0', { outputPath: path.join(folder, 'many-00001-of-09999.gguf') }),
      /names 9999 parts, but the model has only \d+ tensors/,
    );
    await work.make(source, 'Q8_0', { outputPath: part(1, 2) });
    await assert.rejects(work.make(part(1, 2), 'Q4_0', { outputPath: part(1, 2) }), /is also an input file/);
    for (const number of [1, 2, 3]) await rm(part(number, 3), { force: true });
    await mkdir(part(2, 3));
    const before = (await readdir(folder)).sort();
    await assert.rejects(
      work.make(source, 'Q8_0', { outputPath: part(1, 3) }),
      /parts-00002-of-00003\.gguf can't be written: it is a folder/,
    );
    assert.deepEqual((await readdir(folder)).sort(), before);
  });
});
