/**
 * Measures how much of the workspace a completion should know: the lines of `completion.ts`, with the text on both
 * sides and 0 to 16,384 tokens of other files, in the full cache and in tiers that attend a part of it.
 *
 *   npx tsx test/bench/contextLength.ts [MODEL …] [--places 100] [--lengths 0,1024,2048,4096,8192,16384]
 *     [--divisors 8,16] [--networks N] [--max-seconds N] [--seed 1] [--keep] [--write]
 *
 * `--divisors` names the shares of the context that tiers attend, from 4,096 tokens on. The default model is the
 * bundled one. Results are stored at once, and with `--keep` or `--write` in docs/results. A run continues where the
 * last one ended. Needs the corpus of `.scripts/bundledModel/corpus.ts`.
 */
import { parseArgs } from 'node:util';
import { bundledModelPath } from '../../sidecar/shelf/defaultModel.ts';
import { inParallel, openForBench } from './bundled/benchNetworks.ts';
import { modelsAsked, type BenchModel } from './bundled/models.ts';
import { completePlace, promptOf, requestWithContext } from './completion/arms.ts';
import { packageWorkspace } from './completion/packageWorkspace.ts';
import { heldOutPlaces } from './completion/places.ts';
import { armsOf, lengthTask, variantOf, type LengthArm } from './contextLength/arms.ts';
import { lengthFigures, lengthTable, type LengthFigures } from './contextLength/figures.ts';
import { Deadline } from './kept/deadline.ts';
import { keepInRepository, openKept } from './kept/keptTask.ts';
import { writeReport } from './report.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    places: { type: 'string', default: '100' },
    lengths: { type: 'string', default: '0,1024,2048,4096,8192,16384' },
    divisors: { type: 'string', default: '8,16' },
    networks: { type: 'string' },
    'max-seconds': { type: 'string' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const numbers = (list: string): readonly number[] => list.split(',').filter(Boolean).map(Number);
const arms = armsOf(numbers(options.lengths), numbers(options.divisors));
const deadline = new Deadline(options['max-seconds'] === undefined ? undefined : Number(options['max-seconds']));
const places = await heldOutPlaces(Number(options.places), Number(options.seed));
const files = positionals.length > 0 ? positionals : [await bundledModelPath()].filter((file) => file !== undefined);
const measured: { readonly model: string; readonly arms: readonly LengthFigures[] }[] = [];
for (const model of await modelsAsked(files)) measured.push({ model: model.name, arms: await measure(model) });

const body = measured.map(({ model, arms: figures }) => `## ${model}\n\n${lengthTable(figures)}`).join('\n\n');
console.log(body);
if (options.write)
  await writeReport({
    name: 'context-length',
    title: 'Completions by the length of their context',
    body: [
      'Lines of held-out packages from npm and PyPI. Each is the first that uses a name which its file imports from its own package.',
      "The prompt is the product's: the text on both sides of the line, and other files up to a number of tokens. `tiered:N` holds all of them and attends N rows.",
      'Differences are place by place: of the full cache from the prompt without other files, of tiers from the full cache of the same length. Standard errors are of the mean over lines.',
      'A name of a wrong file is a name that another file of the prompt has, but neither the document nor the line.',
      '',
      body,
    ].join('\n'),
    figures: measured,
    model: measured.map(({ model }) => model).join(', '),
    command: `npx tsx test/bench/contextLength.ts MODEL … --places ${options.places} --lengths ${options.lengths} --divisors ${options.divisors} --write`,
  });

async function measure(model: BenchModel): Promise<readonly LengthFigures[]> {
  const variants = arms.map(variantOf);
  const kept = await openKept(model.digest, lengthTask, variants);
  const resultOf = (arm: LengthArm, id: string) => kept.get(variantOf(arm))?.get(id);
  await using opened = await openForBench(model, {
    capacityTokens: 256,
    networks: options.networks === undefined ? undefined : Number(options.networks),
  });
  await inParallel(places, opened.networks, async (place, network) => {
    const missing = arms.filter((arm) => !resultOf(arm, place.id));
    if (missing.length === 0 || deadline.isOver) return;
    await using workspace = await packageWorkspace(place);
    for (const contextTokens of new Set(missing.map((arm) => arm.contextTokens))) {
      const ofLength = missing.filter((arm) => arm.contextTokens === contextTokens);
      const prompt = await promptOf(opened, requestWithContext(place, workspace, contextTokens));
      const results = await completePlace(network, opened.text, { place, prompt, arms: ofLength, texts: [] });
      for (const [arm, result] of results) await kept.get(variantOf(arm))?.add(result);
    }
    console.log(
      `${place.id}: ${arms.map((arm) => `${variantOf(arm)} ${resultOf(arm, place.id)?.similarity.toFixed(2)}`).join(', ')}`,
    );
  });
  if (options.keep || options.write) await keepInRepository(model.digest, lengthTask, variants);
  const done = places.filter(({ id }) => arms.every((arm) => resultOf(arm, id)));
  return lengthFigures(new Map(arms.map((arm) => [arm, done.flatMap(({ id }) => resultOf(arm, id) ?? [])])));
}
