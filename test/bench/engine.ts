/**
 * Compares our engine with libllama and ik_llama.cpp, each in a process of its own, in turns:
 *
 *   npm run bench -- [--models chorus-0.5b,qwen-0.5b,FILE.gguf] [--depths 0,4096] [--threads 2,1]
 *     [--variants best,avx2] [--engines chorus,chorus-ggml,libllama,libllama-plain,ik] [--rounds 5] [--slice 8]
 *     [--only prompt,decode,busy,start,first-token,memory,drafting] [--write]
 *
 * Without choices it measures everything, which takes many hours. `--write` keeps the rows in docs/results/engine.json
 * and writes docs/results/engine.md again. A run replaces its rows and keeps all others, so it can be made in parts.
 */
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureCase, PARTS } from './engine/case.ts';
import { DECODE_TOKENS } from './engine/measure.ts';
import { MODEL_NAMES } from './engine/models.ts';
import { enginePage } from './engine/page.ts';
import { readProcessor } from './engine/processor.ts';
import { addRows, provenanceOf, type Kept } from './engine/rows.ts';
import { ENGINE_NAMES, ENGINES, VARIANT_NAMES } from './engine/variants.ts';
import { originOfRun, repositoryRoot, writeReport } from './report.ts';

const DEPTHS = [0, 1_024, 4_096, 16_384];

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: MODEL_NAMES.join() },
    depths: { type: 'string', default: DEPTHS.join() },
    threads: { type: 'string', default: '2,1' },
    variants: { type: 'string', default: VARIANT_NAMES.join() },
    engines: { type: 'string', default: ENGINE_NAMES.filter((name) => ENGINES[name].isUsual).join() },
    rounds: { type: 'string', default: '5' },
    slice: { type: 'string', default: '8' },
    only: { type: 'string', default: PARTS.join() },
    write: { type: 'boolean', default: false },
  },
});
const depths = numbers('depths', 0);
const [rounds] = numbers('rounds', 1) as [number];
const [sliceTokens] = numbers('slice', 1) as [number];
if (DECODE_TOKENS % sliceTokens !== 0)
  throw new Error(`--slice accepts divisors of ${DECODE_TOKENS}; got ${sliceTokens}.`);
const choice = {
  depths,
  rounds,
  sliceTokens,
  parts: chosen('only', PARTS),
  engines: chosen('engines', ENGINE_NAMES),
  provenance: provenanceOf(await readProcessor(), await originOfRun(), rounds),
};
let kept: Kept = { speeds: [], extras: [] };
for (const model of options.models.split(','))
  for (const threads of numbers('threads', 1).filter((count) => count <= os.availableParallelism()))
    for (const variant of chosen('variants', VARIANT_NAMES)) {
      kept = addRows(kept, await measureCase(model, { threads, variant, ...choice }));
      // A part of a long run is kept, whatever happens to the next.
      if (options.write) await write(kept);
    }
console.log(enginePage(kept));

/** Returns the chosen names. Throws if a name is unknown. */
function chosen<Name extends string>(option: 'only' | 'engines' | 'variants', names: readonly Name[]): readonly Name[] {
  const given = options[option].split(',') as Name[];
  const stranger = given.find((name) => !names.includes(name));
  if (stranger !== undefined) throw new Error(`--${option} accepts ${names.join(', ')}; got ${stranger}.`);
  return given;
}

/** Returns the numbers of an option. Throws if it has no whole number of at least `least`. */
function numbers(option: 'depths' | 'threads' | 'rounds' | 'slice', least: number): readonly number[] {
  const given = options[option].split(',').map(Number);
  if (given.some((value) => !Number.isInteger(value) || value < least))
    throw new Error(`--${option} accepts whole numbers of at least ${least}; got ${options[option]}.`);
  return given;
}

async function write(added: Kept): Promise<void> {
  const all = addRows(await readKept(), added);
  const models = [...new Set([...all.speeds, ...all.extras].map(({ model }) => model))];
  await writeReport({
    name: 'engine',
    title: "Chorus's engine, libllama and ik_llama.cpp",
    body: enginePage(all),
    figures: all,
    model: models.join(', '),
    command: 'npm run bench -- --write',
  });
}

/** Reads the rows of earlier runs. */
async function readKept(): Promise<Kept> {
  const file = path.join(repositoryRoot, 'docs/results/engine.json');
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const { figures = {} } = JSON.parse(text) as { readonly figures?: Partial<Kept> };
  return { speeds: figures.speeds ?? [], extras: figures.extras ?? [] };
}
