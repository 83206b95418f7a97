/**
 * Compares the rows that our selectors keep with those of NVIDIA's kvpress, on the same float32 weights and the same
 * tokens:
 *
 *   npx tsx test/bench/kvpress.ts --python PYTHON [--tokens 1024] [--threads N] [--write]
 *
 * PYTHON has kvpress 0.5.5, on PyTorch and transformers, and gguf. Needs 1.2 GB in the folder for temporary files.
 */
import { execa } from 'execa';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { openText } from '../../sidecar/models/llamaCpp/openText.ts';
import { selectRows } from '../../sidecar/workshop/selectRows.ts';
import { cases, type Press } from './kvpress/cases.ts';
import { compareRows } from './kvpress/compareRows.ts';
import { writeFloatModel, writeWithoutGroups } from './kvpress/models.ts';
import { kvpressReport, type Compared } from './kvpress/report.ts';
import { repositoryRoot, writeReport } from './report.ts';

const TEXT = ['sidecar/workshop/quantize/quantize.ts', 'sidecar/models/gguf/rows.ts', 'sidecar/cli/options.ts'];
/** The texts of KVzip's prompts in kvpress for a model without a chat template. */
const PROMPTS = [
  '\n\nRepeat the previous context exactly.',
  '\n\nRepeat the part of the previous context exactly, starting with',
  '\n',
];

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '1024' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    python: { type: 'string', default: 'python3' },
    write: { type: 'boolean', default: false },
  },
});
const threads = Number(values.threads);
const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-kvpress-'));
try {
  const { tokens, texts } = await tokenised(await fetchModel());
  const grouped = await writeFloatModel(await fetchModel(), folder);
  const compared: Compared[] = [];
  let versions: Readonly<Record<string, string>> = {};
  for (const [network, modelPath] of [
    ['grouped queries', grouped],
    ['a KV head for each query head', await writeWithoutGroups(grouped, folder)],
  ] as const) {
    const theirs = await rowsOfKvpress({
      model: modelPath,
      tokens,
      texts,
      threads,
      folder,
      presses: cases.map(({ press }) => press),
    });
    versions = theirs.versions;
    const results: Compared['results'][number][] = [];
    for (const [index, choice] of cases.entries()) {
      const ours = await selectRows({ modelPath, context: { tokens }, cache: choice.cache, device: 'cpu', threads });
      const bytes = await readFile(path.join(folder, `${index}.f32`));
      const scores = new Float32Array(
        bytes.buffer,
        bytes.byteOffset,
        bytes.byteLength / Float32Array.BYTES_PER_ELEMENT,
      );
      const comparison = compareRows(
        ours.layers.map(({ heads }) => heads),
        theirs.rows[index] ?? [],
        { scores, tokens: tokens.length, compete: choice.press.budget === 'adaptive' },
      );
      console.log(JSON.stringify({ network, cache: choice.cache, ...comparison }));
      results.push({ choice, comparison });
    }
    compared.push({ network, results });
  }
  const report = kvpressReport(compared, { tokens: tokens.length, text: TEXT, versions });
  process.stdout.write(`${report.body}\n`);
  if (values.write)
    await writeReport({
      ...report,
      command: `npx tsx test/bench/kvpress.ts --python PYTHON --tokens ${values.tokens} --write`,
    });
  if (compared.some(({ results }) => results.some(({ comparison }) => comparison.beyond > 0))) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function tokenised(
  modelPath: string,
): Promise<{ readonly tokens: readonly number[]; readonly texts: Readonly<Record<string, readonly number[]>> }> {
  const contents = await Promise.all(TEXT.map((file) => readFile(path.join(repositoryRoot, file), 'utf8')));
  const { text, dispose } = await openText(modelPath, { device: 'cpu', threads });
  try {
    const tokens = text.tokenize(contents.join('\n'), false);
    const count = Number(values.tokens);
    if (tokens.length < count) throw new Error(`The text has ${tokens.length} tokens, fewer than ${count}.`);
    return {
      tokens: tokens.slice(0, count),
      texts: Object.fromEntries(PROMPTS.map((prompt) => [prompt, text.tokenize(prompt, false)])),
    };
  } finally {
    await dispose();
  }
}

interface Job {
  readonly model: string;
  readonly tokens: readonly number[];
  /** The tokens of each text of `PROMPTS`. */
  readonly texts: Readonly<Record<string, readonly number[]>>;
  readonly threads: number;
  readonly presses: readonly Press[];
  /** The output folder for the scores, one file per press. */
  readonly folder: string;
}

async function rowsOfKvpress(job: Job): Promise<{
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly (readonly (readonly (readonly number[])[])[])[];
}> {
  const jobFile = path.join(job.folder, 'job.json');
  await writeFile(jobFile, JSON.stringify(job));
  const { stdout } = await execa(values.python, [fileURLToPath(new URL('kvpress/rows.py', import.meta.url)), jobFile], {
    stderr: 'inherit',
  });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof rowsOfKvpress>>;
}
