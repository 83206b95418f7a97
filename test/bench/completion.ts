/**
 * Measures completions of a line that needs another file (the method of CrossCodeEval, Ding et al., 2023, and
 * RepoBench, Liu et al., 2023). The lines are from held-out packages of npm and PyPI. Each uses a name that the file
 * imports from its own package and that occurs nowhere before except in the import.
 *
 * Each line is completed from its first token: without context, with the file before it, and with the workspace.
 * Caches that keep a part of the workspace are tried too. Measured are the exact match, the edit similarity, the
 * correct part of the beginning, and names of wrong files.
 *
 *   npm run bench:completion -- [MODEL …] [--places 100] [--caches full,tiered:1024] [--ngrams full] [--networks N]
 *     [--max-seconds N] [--seed 1] [--keep] [--write]
 *
 * `--ngrams` names caches that are also tried with the n-grams of whole files. The default models are the seed and the
 * bundled model. Each core handles one place at a time. Results are stored at once, and with `--keep` or `--write` in
 * docs/results. A run continues where the last one ended, on this or another machine. Needs the corpus of
 * `.scripts/bundledModel/corpus.ts`.
 */
import { parseArgs } from 'node:util';
import { inParallel, openForBench } from './bundled/benchNetworks.ts';
import { modelsAsked, type BenchModel } from './bundled/models.ts';
import { type Arm, completePlace, completionTask, promptOf, PROMPTS, requestOf, variantOf } from './completion/arms.ts';
import { figuresOf, reportOf, type CompletionOfModel } from './completion/figures.ts';
import { packageWorkspace, textsFor } from './completion/packageWorkspace.ts';
import { heldOutPlaces } from './completion/places.ts';
import { Deadline } from './kept/deadline.ts';
import { keepInRepository, openKept } from './kept/keptTask.ts';
import { writeReport } from './report.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    places: { type: 'string', default: '100' },
    caches: { type: 'string', default: 'full,tiered:1024,snapkv:1024,snapkv:512' },
    ngrams: { type: 'string', default: 'full,tiered:1024' },
    networks: { type: 'string' },
    'max-seconds': { type: 'string' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const deadline = new Deadline(options['max-seconds'] === undefined ? undefined : Number(options['max-seconds']));
const caches = ['full', ...options.caches.split(',').filter((cache) => cache !== 'full')];
const withNgrams = options.ngrams === '' ? [] : options.ngrams.split(',');
const unknown = withNgrams.find((cache) => !caches.includes(cache));
if (unknown !== undefined)
  throw new Error(`--ngrams accepts some of --caches, ${caches.join(', ')}; got "${unknown}".`);
const arms: readonly Arm[] = caches.flatMap((cache) =>
  (cache === 'full' ? PROMPTS : (['workspace'] as const)).flatMap((prompt) => {
    const alone = { prompt, cache, withNgrams: false };
    return withNgrams.includes(cache) && (prompt === 'document' || prompt === 'workspace')
      ? [alone, { ...alone, withNgrams: true }]
      : [alone];
  }),
);
const places = await heldOutPlaces(Number(options.places), Number(options.seed));
const measured: CompletionOfModel[] = [];
for (const model of await modelsAsked(positionals)) measured.push(await measure(model));

const body = reportOf(measured);
console.log(body);
if (options.write) {
  const command = `npm run bench:completion -- --places ${options.places} --caches ${options.caches} --ngrams ${options.ngrams} --seed ${options.seed} --write`;
  await writeReport({
    name: 'completion',
    title: 'Completions that need another file',
    body,
    figures: measured,
    model: measured.map(({ model }) => model).join(', '),
    command,
  });
}

async function measure(model: BenchModel): Promise<CompletionOfModel> {
  const variants = arms.map(variantOf);
  const kept = await openKept(model.digest, completionTask, variants);
  const resultOf = (arm: Arm, id: string) => kept.get(variantOf(arm))?.get(id);
  await using opened = await openForBench(model, {
    capacityTokens: 256,
    networks: options.networks === undefined ? undefined : Number(options.networks),
  });
  await inParallel(places, opened.networks, async (place, network) => {
    const missing = arms.filter((arm) => !resultOf(arm, place.id));
    if (missing.length === 0 || deadline.isOver) return;
    await using workspace = await packageWorkspace(place);
    const texts = missing.some((arm) => arm.withNgrams)
      ? await textsFor(opened.engine, requestOf(place, 'workspace', workspace))
      : [];
    for (const prompt of PROMPTS) {
      const ofPrompt = missing.filter((arm) => arm.prompt === prompt);
      if (ofPrompt.length === 0) continue;
      const results = await completePlace(network, opened.text, {
        place,
        prompt: await promptOf(opened, requestOf(place, prompt, workspace)),
        arms: ofPrompt,
        texts,
      });
      for (const [arm, result] of results) await kept.get(variantOf(arm))?.add(result);
    }
    console.log(
      `${place.id}: ${arms.map((arm) => `${arm.prompt} ${arm.cache}${arm.withNgrams ? ' with n-grams' : ''} ${(resultOf(arm, place.id)?.similarity ?? 0).toFixed(2)}`).join(', ')}`,
    );
  });
  if (options.keep || options.write) await keepInRepository(model.digest, completionTask, variants);
  const done = places.filter(({ id }) => arms.every((arm) => resultOf(arm, id)));
  return {
    model: model.name,
    arms: figuresOf(new Map(arms.map((arm) => [arm, done.flatMap(({ id }) => resultOf(arm, id) ?? [])]))),
  };
}
