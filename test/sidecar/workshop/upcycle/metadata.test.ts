import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { fimFamilies, nameMatches } from '../../../../sidecar/completion/prompt/fimFamilies.ts';
import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import { openInputs } from '../../../../sidecar/workshop/upcycle/inputs.ts';
import { metadataOf } from '../../../../sidecar/workshop/upcycle/metadata.ts';
import { denseRecipe } from '../../../../sidecar/workshop/upcycle/recipe.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';
import { ScriptedEngine } from '../../completion/scriptedEngine.ts';
import { replaceKey } from '../../models/ggufFile.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-upcycle-metadata-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Writes a model's file with this metadata. */
async function model(name: string, says: Readonly<Record<string, string>>): Promise<string> {
  const file = path.join(folder, `${name}.gguf`);
  using device = new Device('cpu', { threads: 1 });
  await writeTinyModel(file, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
  for (const [key, value] of Object.entries(says)) await replaceKey(file, `general.${key}`, { type: 'string', value });
  return file;
}

/** The origin that a result named `name` lists. */
async function originOf(files: readonly string[], name?: string): Promise<Record<string, GgufEntry>> {
  const inputs = await openInputs(files, path.join(folder, 'result.gguf'));
  try {
    return Object.fromEntries(
      [...metadataOf(inputs, { ...denseRecipe, name })].filter(([key]) => /^general\.(name|base_model\..*)$/.test(key)),
    );
  } finally {
    await inputs.close();
  }
}

function names(origin: Readonly<Record<string, GgufEntry>>): unknown[] {
  return [0, 1, 2]
    .map((index) => origin[`general.base_model.${index}.name`])
    .map((entry) => (entry?.type === 'string' ? entry.value : entry));
}

describe("the base models in a result's metadata", () => {
  it('have the names in their files', async () => {
    const files = await Promise.all([
      model('seed', { name: 'Seed 1M' }),
      model('code', { name: 'Coder 1M' }),
      model('prose', { name: 'Writer 1M' }),
    ]);
    assert.deepEqual(names(await originOf(files, 'Trio 1M')), ['Seed 1M', 'Coder 1M', 'Writer 1M']);
  });

  it('have their file names as well if models share a name', async () => {
    const files = await Promise.all([
      model('seed', { name: 'Seed 1M' }),
      model('code', { name: 'Seed 1M' }),
      model('prose', { name: 'Writer 1M' }),
    ]);
    assert.deepEqual(names(await originOf(files, 'Trio 1M')), ['Seed 1M (seed)', 'Seed 1M (code)', 'Writer 1M']);
  });

  it('still show the family, which decides the fill-in-the-middle marks', async () => {
    const files = await Promise.all([
      model('seed', { name: 'Qwen Coder 1M' }),
      model('code', { name: 'Qwen Coder 1M' }),
    ]);
    const [first] = names(await originOf(files, 'Duo 1M'));
    const { loaded } = new ScriptedEngine([], {
      metadata: { 'general.name': 'Duo 1M', 'general.base_model.0.name': first as string },
    });
    assert.ok(fimFamilies.some((family) => family.names?.test('Qwen Coder 1M') && nameMatches(family, loaded)));
  });

  it('have the file name if the file has no model name', async () => {
    assert.deepEqual(
      names(
        await originOf([await model('nameless', { name: '' }), await model('code', { name: 'Coder 1M' })], 'Duo 1M'),
      ),
      ['nameless', 'Coder 1M', undefined],
    );
  });

  it("include each file's author and address", async () => {
    const files = await Promise.all([
      model('seed', { name: 'Seed 1M', organization: 'Gardeners', repo_url: 'https://example.com/seed' }),
      model('code', { name: 'Coder 1M', version: '2' }),
    ]);
    const origin = await originOf(files, 'Duo 1M');
    assert.deepEqual(
      Object.keys(origin).filter((key) => /\.(organization|repo_url|version)$/.test(key)),
      ['general.base_model.0.organization', 'general.base_model.0.repo_url', 'general.base_model.1.version'],
    );
    assert.deepEqual(origin['general.base_model.count'], { type: 'u32', value: 2 });
  });

  it("are not listed without a new name: the result keeps the first model's name", async () => {
    const origin = await originOf([
      await model('seed', { name: 'Seed 1M' }),
      await model('code', { name: 'Coder 1M' }),
    ]);
    assert.deepEqual(Object.keys(origin), ['general.name']);
  });
});
