import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { CHORUS_ARCHITECTURES } from '../../../../sidecar/models/architectures/names.ts';
import { builtInCatalogue, extendCatalogue, parseCatalogue } from '../../../../sidecar/shelf/catalogue/catalogue.ts';
import { catalogueSchema, type Catalogue, type CatalogueModel } from '../../../../sidecar/shelf/catalogue/schema.ts';
import type { TroubleError } from '../../../../sidecar/common/troubleError.ts';

const model = {
  id: 'tiny',
  name: 'Tiny',
  publisher: 'Nobody',
  page: 'https://example.com/tiny',
  parameters: 1000,
  architecture: 'llama',
  shape: { blockCount: 1, embeddingLength: 32, headCount: 2, keyValueHeadCount: 2, headLength: 16, vocabularySize: 4 },
  contextTokens: 128,
  completesInTheMiddle: true,
  answers: false,
  languages: ['en', 'pt-BR'],
  licence: { name: 'MIT', commercialUse: true },
  quantisations: [{ type: 'F32', files: [{ url: 'https://example.com/tiny.gguf', sizeBytes: 10_000 }] }],
} satisfies CatalogueModel;

/** A catalogue of one model with one field changed. */
function changed(field: string, value: unknown): string {
  const catalogue: unknown = structuredClone({ version: 1, models: [model] });
  const keys = field.split(/[.[\]]+/).filter(Boolean);
  let place = catalogue as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[keys.at(-1)!] = value;
  return JSON.stringify(catalogue);
}

function refusal(text: string): string {
  try {
    parseCatalogue(text, 'team.json');
  } catch (error) {
    assert.equal((error as TroubleError).code, 'invalid-catalogue');
    return (error as TroubleError).message;
  }
  return assert.fail('it was taken');
}

const file = 'models[0].quantisations[0].files[0]';

describe('parseCatalogue refuses, and names the field:', () => {
  const cases: {
    readonly name: string;
    readonly field: string;
    readonly value: unknown;
    readonly says: RegExp;
    readonly at?: string;
  }[] = [
    { name: 'a list that is none', field: 'models', value: 'all', says: /expected array/ },
    { name: 'a number as a text', field: 'models[0].parameters', value: '7B', says: /expected number/ },
    { name: 'a negative size', field: `${file}.sizeBytes`, value: -1, says: /expected number to be >0/ },
    { name: 'a size beyond all disks', field: `${file}.sizeBytes`, value: 1e300, says: /./ },
    { name: 'a flag as a text', field: 'models[0].licence.commercialUse', value: 'yes', says: /expected boolean/ },
    {
      name: 'a field that does not exist',
      field: 'models[0].sha',
      value: 'x',
      says: /Unrecognized key: "sha"/,
      at: 'models[0]',
    },
    { name: 'another version', field: 'version', value: 2, says: /expected 1/ },
    { name: 'a file: URL', field: `${file}.url`, value: 'file:///etc/model.gguf', says: /expected an https: URL/ },
    {
      name: 'an http: URL of another machine',
      field: `${file}.url`,
      value: 'http://models.example/model.gguf',
      says: /expected an https: URL/,
    },
    {
      name: 'a URL with a password',
      field: `${file}.url`,
      value: 'https://a:b@models.example/model.gguf',
      says: /without a password/,
    },
    { name: 'what is no URL', field: `${file}.url`, value: 'model.gguf', says: /expected an https: URL/ },
    {
      name: 'a page with a script URL',
      field: 'models[0].page',
      value: 'javascript:alert(1)',
      says: /expected an https: URL/,
    },
    {
      name: 'a name that climbs out of the folder',
      field: `${file}.fileName`,
      value: '../../.bashrc.gguf',
      says: /expected a file name/,
    },
    {
      name: 'a name that climbs out of the folder in a URL',
      field: `${file}.url`,
      value: 'https://models.example/..%2f..%2fx.gguf',
      says: /expected a file name/,
    },
    { name: 'a name with a backslash', field: `${file}.fileName`, value: '..\\x.gguf', says: /expected a file name/ },
    { name: "a device's name", field: `${file}.fileName`, value: 'NUL.gguf', says: /Windows takes this for a device/ },
    { name: 'a name that is no model', field: `${file}.fileName`, value: 'run.exe', says: /ends in \.gguf/ },
    { name: 'an id that climbs out of the folder', field: 'models[0].id', value: '..', says: /expected small letters/ },
    {
      name: 'an id that Windows would change',
      field: 'models[0].id',
      value: 'tiny.',
      says: /no "\." at the end/,
    },
    {
      name: "an id equal to Chorus's folder of imports",
      field: 'models[0].id',
      value: 'imported',
      says: /Chorus has a folder of this name/,
    },
    {
      name: "an id equal to Chorus's folder of catalogues",
      field: 'models[0].id',
      value: 'catalogues',
      says: /Chorus has a folder of this name/,
    },
    {
      name: 'a name of 10,000 characters',
      field: 'models[0].name',
      value: 'x'.repeat(10_000),
      says: /<=100 characters/,
    },
    { name: 'an id of 10,000 characters', field: 'models[0].id', value: 'x'.repeat(10_000), says: /<=64 characters/ },
    {
      name: 'a file name of 10,000 characters',
      field: `${file}.fileName`,
      value: `${'x'.repeat(10_000)}.gguf`,
      says: /<=128 characters/,
    },
    { name: 'a checksum that is none', field: `${file}.sha256`, value: 'abc', says: /expected 64 hexadecimal digits/ },
    {
      name: 'an invalid language',
      field: 'models[0].languages[0]',
      value: 'English',
      says: /expected a BCP 47 tag/,
    },
    {
      name: 'a part of an incomplete model',
      field: `${file}.fileName`,
      value: 'x-00001-of-00002.gguf',
      says: /expected part 1 of 1/,
      at: file,
    },
    {
      name: 'a part of another model',
      field: 'models[0].quantisations[0].files',
      value: ['x-00001', 'y-00002'].map((part) => ({
        url: `https://models.example/${part}-of-00002.gguf`,
        sizeBytes: 1_000,
      })),
      says: /expected part 2 of 2/,
      at: 'models[0].quantisations[0].files[1]',
    },
    {
      name: 'no file at all',
      field: 'models[0].quantisations[0].files',
      value: [],
      says: /expected array to have >=1 items/,
    },
    {
      name: 'the same id twice',
      field: 'models',
      value: [model, model],
      says: /an earlier model has it/,
      at: 'models[1].id',
    },
  ];
  for (const { name, field, value, says, at = field } of cases) {
    it(name, () => {
      const message = refusal(changed(field, value));
      assert.ok(message.startsWith(`The catalogue team.json can't be used: ${at}: `), message);
      assert.match(message, says);
      assert.ok(message.length < 600);
    });
  }

  it('a text that is not JSON', () =>
    assert.match(refusal('<!doctype html>'), /^The catalogue team\.json is no JSON: /));
});

describe('a catalogue', () => {
  const own: Catalogue = parseCatalogue(
    JSON.stringify({ version: 1, models: [model, { ...model, id: 'smollm2-360m', name: 'Ours' }] }),
    'team.json',
  );

  it('adds to the built-in catalogue; its models come first and replace those of the same id', () => {
    const models = extendCatalogue(builtInCatalogue(), own);
    assert.deepEqual(
      models.slice(0, 2).map(({ name }) => name),
      ['Tiny', 'Ours'],
    );
    assert.equal(models.filter(({ id }) => id === 'smollm2-360m').length, 1);
    assert.equal(models.length, builtInCatalogue().models.length + 1);
  });

  it('replaces the built-in catalogue if it says so', () => {
    assert.deepEqual(extendCatalogue(builtInCatalogue(), { ...own, replacesBuiltIn: true }), own.models);
  });

  it('may have http URLs of this machine', () => {
    parseCatalogue(changed(`${file}.url`, 'http://127.0.0.1:8080/tiny.gguf'), 'team.json');
  });

  it('matches the schema that ships for editors', () => {
    const shipped: unknown = JSON.parse(
      readFileSync(new URL('../../../../sidecar/shelf/catalogue/catalogue.schema.json', import.meta.url), 'utf8'),
    );
    assert.deepEqual(shipped, JSON.parse(JSON.stringify(z.toJSONSchema(catalogueSchema, { io: 'input' }))));
  });
});

describe('the built-in catalogue', () => {
  const { models } = builtInCatalogue();

  it("has only families that Chorus's own engine runs", () => {
    assert.deepEqual(
      models.filter(({ architecture }) => !CHORUS_ARCHITECTURES.includes(architecture)),
      [],
    );
  });

  it('marks models that forbid commercial use', () => {
    const barred = models.filter(({ licence }) => !licence.commercialUse).map(({ id }) => id);
    assert.deepEqual(barred.sort(), [
      'aya-23-8b',
      'aya-expanse-8b',
      'codestral-22b',
      'command-r7b',
      'qwen2.5-coder-3b',
    ]);
  });

  it('has sizes and shapes that agree with the number of parameters', () => {
    for (const { id, parameters, shape, quantisations } of models) {
      for (const { type, files } of quantisations) {
        const bits = (8 * files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)) / parameters;
        const [low, high] = type === 'Q8_0' ? [8, 11] : type === 'Q5_K_M' ? [5, 6.5] : [4.4, 8];
        assert.ok(bits >= low && bits <= high, `${id} ${type}: ${bits.toFixed(2)} bits a parameter`);
      }
      assert.ok(shape.headCount % shape.keyValueHeadCount === 0, id);
      assert.ok(shape.vocabularySize * shape.embeddingLength < parameters, id);
    }
  });
});
