import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { layTexts } from '../../.scripts/bundledModel/corpus.ts';
import { packageFolder } from '../../.scripts/bundledModel/fetchPackages.ts';
import type { CorpusPackage } from '../../.scripts/bundledModel/packages.ts';
import { moCatalogue } from './moCatalogueOf.ts';

/** A module that passes the filter and differs for each word. */
const moduleOf = (word: string): string =>
  Array.from(
    { length: 12 },
    (_, index) =>
      `/** Gives the ${word} of a basket, counted by rule ${index}. */\nexport function ${word}${index}(basket: Basket): number {\n  return basket.${word}(${index}) + ${index};\n}\n`,
  ).join('\n');

const given = (name: string, heldOut: boolean): CorpusPackage => ({
  registry: 'npm',
  name,
  version: '1.0.0',
  licence: 'MIT',
  domains: ['typescript'],
  heldOut,
});
/** The list names a training package first, since its order must not matter. */
const packages = [given('aardvark', false), given('measured', true), given('zebra', false)];
const files: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  aardvark: {
    'own.ts': moduleOf('weight'),
    'copied.ts': moduleOf('price'),
    'changed.ts': moduleOf('colour').replace('rule 5', 'the fifth rule'),
  },
  measured: { 'price.ts': moduleOf('price'), 'colour.ts': moduleOf('colour') },
  zebra: { 'stripes.ts': moduleOf('stripe'), 'colour.ts': `${moduleOf('colour')}\n// Nothing else.\n` },
};

describe('layTexts', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-corpus-'));
    for (const one of packages) {
      await mkdir(packageFolder(folder, one), { recursive: true });
      for (const [name, text] of Object.entries(files[one.name] ?? {}))
        await writeFile(path.join(packageFolder(folder, one), name), text);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('leaves copies and near copies of held-out texts out of the training texts', async () => {
    const target = path.join(folder, 'texts');
    const { taken, leftOut } = await layTexts(packages, folder, target);
    const laid = await readdir(target, { recursive: true });
    assert.deepEqual(
      laid
        .filter((file) => file.endsWith('.ts'))
        .map((file) => file.split(path.sep).join('/'))
        .sort(),
      [
        'held-out/typescript/measured@1.0.0/colour.ts',
        'held-out/typescript/measured@1.0.0/price.ts',
        'training/typescript/aardvark@1.0.0/own.ts',
        'training/typescript/zebra@1.0.0/stripes.ts',
      ],
    );
    assert.equal(
      await readFile(path.join(target, 'held-out/typescript/measured@1.0.0/price.ts'), 'utf8'),
      moduleOf('price'),
    );
    assert.deepEqual(leftOut, { copy: 1, 'near copy': 2 });
    assert.deepEqual([taken.training.typescript?.files, taken['held-out'].typescript?.files], [2, 2]);
  });

  it('puts the prose of a README, a page and a catalogue into a folder per language', async () => {
    const translated: CorpusPackage = {
      ...given('translated', false),
      registry: 'debian',
      domains: ['prose'],
      pages: /\/(?<language>[a-z]{2})\/.*\.(html|mo)$/,
    };
    const described: CorpusPackage = { ...given('described', false), domains: ['prose'] };
    const words = 'It counts what is in a basket, and tells its price and its weight. '.repeat(10);
    const contents: readonly (readonly [CorpusPackage, string, string | Uint8Array])[] = [
      [described, 'README.md', words],
      [translated, 'share/cs/basket.html', `<p>${words.replaceAll('basket', 'koš')}</p>`],
      [
        translated,
        'share/es/basket.html',
        `<p>${words.replaceAll('basket', 'cesta').replaceAll('counts', 'cuenta')}</p>`,
      ],
      [translated, 'share/uk/basket.mo', moCatalogue({ 'Open the basket': 'Відкрити кошик' })],
    ];
    for (const [from, file, content] of contents) {
      await mkdir(path.dirname(path.join(packageFolder(folder, from), file)), { recursive: true });
      await writeFile(path.join(packageFolder(folder, from), file), content);
    }
    const target = path.join(folder, 'prose');
    await layTexts([described, translated], folder, target);
    const laid = await readdir(target, { recursive: true });
    assert.deepEqual(
      laid
        .filter((file) => /\.(md|txt)$/.test(file))
        .map((file) => file.split(path.sep).join('/'))
        .sort(),
      [
        'training/prose/cs/translated@1.0.0/share/cs/basket.txt',
        'training/prose/en/described@1.0.0/README.md',
        'training/prose/es/translated@1.0.0/share/es/basket.txt',
        'training/prose/uk/translated@1.0.0/share/uk/basket-1.txt',
      ],
    );
  });

  it('gives the same texts and fingerprint for the same packages', async () => {
    const [first, second] = [
      await layTexts(packages, folder, path.join(folder, 'first')),
      await layTexts(packages, folder, path.join(folder, 'second')),
    ];
    assert.deepEqual(second, first);
  });
});
