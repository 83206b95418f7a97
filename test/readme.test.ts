import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CatalogueShelfEntry } from '../sidecar/protocol/client.ts';
import { builtInCatalogue } from '../sidecar/shelf/catalogue/catalogue.ts';
import type { Machine } from '../sidecar/shelf/machine.ts';
import { planEntry, sizeOf } from '../sidecar/shelf/planEntry.ts';
import { recommended } from '../sidecar/shelf/recommend.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const readme = read('README.md');

/** Each figure that README.md quotes from a page of results, and the cell of that page. */
const QUOTED: readonly { figure: string; page: string; row: string; column: string }[] = [
  { figure: '57.8 %', page: 'bundled-model', row: 'HumanEval', column: 'Chorus-0.5B' },
  { figure: '760', page: 'bundled-model', row: 'memory at its peak, MiB', column: 'Chorus-0.5B' },
  { figure: '15 of 50', page: 'explanations', row: 'misleading', column: 'Chorus-0.5B' },
  { figure: '33 of 50', page: 'explanations', row: 'right', column: 'Chorus-0.5B' },
  { figure: '26 of 31', page: 'call-sites', row: 'with the workspace as context', column: 'name and arguments right' },
  { figure: '0 of 31', page: 'call-sites', row: 'without', column: 'name and arguments right' },
  { figure: '933', page: 'reopen', row: '4096', column: 'kept, ms' },
  { figure: '14018', page: 'reopen', row: '4096', column: 'cold start, ms' },
  {
    figure: '55 ms / 599 ms',
    page: 'typing',
    row: 'keystroke to text (with the editor’s 50 ms), p50 / p90',
    column: 'Chorus',
  },
  { figure: '69.2 / 103.8', page: 'activation', row: '1.139.1', column: 'sum' },
];

/** The cells of each row of every table in a text, with the names of their columns. */
function tableRows(text: string): readonly ReadonlyMap<string, string>[] {
  const rows: Map<string, string>[] = [];
  let columns: readonly string[] | undefined;
  for (const line of text.split('\n')) {
    const cells = line.startsWith('|') ? line.slice(1, line.lastIndexOf('|')).split('|').map(trim) : undefined;
    if (!cells) columns = undefined;
    else if (!columns) columns = cells;
    else if (!cells.every((cell) => /^:?-+:?$/.test(cell)))
      rows.push(new Map(columns.map((column, index) => [column, cells[index] ?? ''])));
  }
  return rows;
}
const trim = (text: string): string => text.trim();
const firstCell = (row: ReadonlyMap<string, string>): string => [...row.values()][0] ?? '';

/** The rows of README.md's table whose header begins with `firstColumn`. */
function readmeTable(firstColumn: string): readonly ReadonlyMap<string, string>[] {
  const rows = tableRows(readme).filter((row) => [...row.keys()][0] === firstColumn);
  assert.ok(rows.length > 0, `README.md has no table whose first column is "${firstColumn}"`);
  return rows;
}

describe('the figures in README.md', () => {
  it('are all on the list of quoted figures, and no other is', () => {
    const linked = [...readme.matchAll(/\[([^\]]*\d[^\]]*)\]\(docs\/results\/([\w-]+)\.md\)/g)].map(
      ([, figure, page]) => `${page}: ${figure}`,
    );
    const listed = [...QUOTED.map(({ figure, page }) => `${page}: ${figure}`), 'first-run: 3 steps, 27 s'];
    assert.deepEqual([...new Set(linked)].sort(), [...listed].sort());
  });

  for (const { figure, page, row, column } of QUOTED) {
    it(`${figure} stands in docs/results/${page}.md`, () => {
      const cells = tableRows(read(`docs/results/${page}.md`))
        .filter((each) => firstCell(each) === row && each.has(column))
        .map((each) => each.get(column)?.replace(/ \(.*\)$/, ''));
      assert.equal(cells[0], figure, `README.md quotes another figure than the page: change README.md`);
    });
  }

  it('name the steps and seconds of docs/results/first-run.md', () => {
    assert.match(read('docs/results/first-run.md').replace(/\s+/g, ' '), /first ghost text: \*\*3 steps, 27 s\*\*/);
  });

  it('name the size of each package as docs/results/package.md', () => {
    const sizes = tableRows(read('docs/results/package.md'))
      .filter((row) => row.get('with the model, MB'))
      .map((row) => `${row.get('package')}: ${row.get('with the model, MB')}`);
    assert.deepEqual(
      readmeTable('target').map((row) => `${firstCell(row).replaceAll('`', '')}: ${row.get('package, MB')}`),
      sizes,
    );
  });

  it('name the size of the bundled model, in MB', () => {
    const folder = path.join(root, 'media/models');
    const bytes = readdirSync(folder)
      .filter((file) => file.endsWith('.gguf'))
      .reduce((sum, file) => sum + readFileSync(path.join(folder, file)).length, 0);
    assert.ok(readme.includes(`The bundled model has ${Math.round(bytes / 1e6)} MB`));
  });
});

describe('the comparison with other tools in README.md', () => {
  const rows = readmeTable('');

  it('has a source in each cell of another tool', () => {
    const unsourced = rows.flatMap((row) =>
      [...row.entries()]
        .slice(2)
        .filter(([, cell]) => !/\[[^\]]+\]\[[\w-]+\]/.test(cell))
        .map(([tool]) => `${firstCell(row)}: ${tool}`),
    );
    assert.ok(rows.length >= 10, `found ${rows.length} rows`);
    assert.deepEqual(unsourced, []);
  });

  it('uses each source, and names no other', () => {
    const named = [...readme.matchAll(/\]\[([\w-]+)\]/g)].map(([, source]) => source);
    const sources = [...readme.matchAll(/^\[([\w-]+)\]: https:\/\/\S+$/gm)].map(([, source]) => source);
    assert.deepEqual([...new Set(named)].sort(), [...sources].sort());
  });
});

describe('the models that README.md recommends', () => {
  const gigabytes = 1e9;
  const processor = (cores: number, memory: number): Machine => ({
    mainBytes: 0.75 * memory * gigabytes,
    gpu: undefined,
    mainBytesPerSecond: Math.min(30, 6 * cores) * gigabytes,
    gpuBytesPerSecond: 0,
  });
  const card = (memory: number): Machine => ({
    ...processor(8, 32),
    gpu: { label: 'a card', freeBytes: 0.9 * memory * gigabytes, unifiedBytes: 0 },
    gpuBytesPerSecond: 250 * gigabytes,
  });
  const shared = (memory: number): Machine => {
    const bytes = 0.75 * memory * gigabytes;
    return {
      ...processor(8, memory),
      gpu: { label: 'a GPU in the processor', freeBytes: bytes, unifiedBytes: bytes },
      gpuBytesPerSecond: 80 * gigabytes,
    };
  };
  const machines: Readonly<Record<string, Machine>> = {
    'processor with 2 cores, 8 GB': processor(2, 8),
    'processor with 4 cores, 8 GB': processor(4, 8),
    'processor with 8 cores, 16 GB': processor(8, 16),
    'integrated GPU, 16 GB': shared(16),
    'Apple silicon, 16 GB': shared(16),
    'Apple silicon, 32 GB': shared(32),
    'graphics card with 8 GB': card(8),
    'graphics card with 16 GB': card(16),
    'graphics card with 24 GB': card(24),
  };

  it('are for these machines', () => {
    assert.deepEqual(readmeTable('machine').map(firstCell), Object.keys(machines));
  });

  for (const [name, machine] of Object.entries(machines)) {
    it(`are those of *Choose Model…* for a ${name}`, () => {
      const row = readmeTable('machine').find((each) => firstCell(each) === name);
      assert.deepEqual([...(row?.values() ?? [])].slice(1), recommendedCells(machine));
    });
  }
});

function recommendedCells(machine: Machine): readonly string[] {
  const entries = builtInCatalogue().models.map((model) => ({
    ...model,
    quantisations: model.quantisations.map((quantisation) => ({
      sizeBytes: sizeOf(quantisation),
      plan: planEntry(model, quantisation, machine, 0),
    })),
  }));
  const best = recommended(entries as unknown as readonly CatalogueShelfEntry[], { hasBundled: true });
  if (best === undefined) return ['the bundled model', '–', '–', '–'];
  const { sizeBytes, plan } = best.quantisation;
  const inGigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
  return [
    best.entry.name,
    inGigabytes(sizeBytes),
    inGigabytes(plan.neededBytes),
    Math.round(plan.tokensPerSecond ?? 0).toString(),
  ];
}

/** The models that a page of results names as its source. */
function modelOf(page: string): string {
  return [...page.matchAll(/^\| model \| (.*) \|$/gm)].at(-1)?.[1] ?? '';
}

describe('docs/results/README.md', () => {
  const models = [...read('docs/results/README.md').matchAll(/^- \*\*([\w.-]+)\*\*([^]*?)(?=\n- |\n\n)/gm)];
  const pages = readdirSync(path.join(root, 'docs/results')).filter((file) => /^(?!README).*\.md$/.test(file));

  for (const [name, pattern] of [
    ['Chorus-0.5B', /Chorus-0\.5B/],
    ['Chorus-135M', /Chorus[- ]135M/],
    ['SmolLM2-135M', /smollm2[- ]135M(?!'s shape)/i],
  ] as const) {
    it(`lists the pages that measured ${name}`, () => {
      const entry = models.find(([, model]) => model === name)?.[2] ?? '';
      const measured = pages.filter((page) => pattern.test(modelOf(read(`docs/results/${page}`))));
      assert.deepEqual([...entry.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, page]) => page).sort(), measured.sort());
    });
  }
});
