/**
 * Completion of the next line where it needs another file: lines of held-out packages from npm and PyPI that use a name which the file imports from its own
 * package, and which stands nowhere before in the file but in the import (the method of CrossCodeEval, Ding et al., 2023, and RepoBench, Liu et al., 2023). Each is completed from its first
 * token, without context, with the file before it, with the workspace, and with the workspace in caches that keep a part of it; exact match, edit similarity, how much of the start is right, and names of
 * wrong files.
 *
 *   npm run bench:completion -- [MODEL …] [--places 100] [--caches full,tiered:1024] [--threads N] [--max-seconds N] [--seed 1] [--keep] [--write]
 *
 * Of the seed and the bundled model unless others are given. Results are kept as they come, and with `--keep` or `--write` in docs/results: a run goes on where the last one ended, on this machine or another.
 * The corpus is made by `.scripts/bundledModel/corpus.ts`.
 */
import { parseArgs } from 'node:util';
import { openBenchSession } from './benchSession.ts';
import { modelsAsked, type BenchModel } from './bundled/models.ts';
import { type Arm, completePlace, completionTask, PROMPTS, variantOf } from './completion/arms.ts';
import { figuresOf, reportOf, type CompletionOfModel } from './completion/figures.ts';
import { packageWorkspace } from './completion/packageWorkspace.ts';
import { heldOutPlaces } from './completion/places.ts';
import { Deadline } from './kept/deadline.ts';
import { keepInRepository, openKept } from './kept/keptTask.ts';
import { writeReport } from './report.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    places: { type: 'string', default: '100' },
    caches: { type: 'string', default: 'full,tiered:1024,snapkv:1024,snapkv:512' },
    threads: { type: 'string', default: '0' },
    'max-seconds': { type: 'string' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const deadline = new Deadline(options['max-seconds'] === undefined ? undefined : Number(options['max-seconds']));
const caches = ['full', ...options.caches.split(',').filter((cache) => cache !== 'full')];
const arms: readonly Arm[] = caches.flatMap((cache) => (cache === 'full' ? PROMPTS : (['workspace'] as const)).map((prompt) => ({ prompt, cache })));
const places = await heldOutPlaces(Number(options.places), Number(options.seed));
const measured: CompletionOfModel[] = [];
for (const model of await modelsAsked(positionals)) measured.push(await measure(model));

const body = reportOf(measured);
console.log(body);
if (options.write) {
  const command = `npm run bench:completion -- --places ${options.places} --caches ${options.caches} --seed ${options.seed} --write`;
  await writeReport({ name: 'completion', title: 'Completions that need another file', body, figures: measured, model: measured.map(({ model }) => model).join(', '), command });
}

async function measure(model: BenchModel): Promise<CompletionOfModel> {
  const variants = arms.map(variantOf);
  const kept = await openKept(model.digest, completionTask, variants);
  const resultOf = (arm: Arm, id: string) => kept.get(variantOf(arm))?.get(id);
  for (const cache of caches) {
    const ofCache = arms.filter((arm) => arm.cache === cache);
    const left = places.filter(({ id }) => ofCache.some((arm) => !resultOf(arm, id)));
    if (left.length === 0 || deadline.isOver) continue;
    const session = await openBenchSession({ modelPath: model.file, cache, threads: Number(options.threads) });
    try {
      for (const place of left) {
        if (deadline.isOver) break;
        await using workspace = await packageWorkspace(place);
        for (const arm of ofCache) if (!resultOf(arm, place.id)) await kept.get(variantOf(arm))?.add(await completePlace(session, place, arm.prompt, workspace));
        console.log(`${place.id}: ${ofCache.map((arm) => `${arm.prompt} ${(resultOf(arm, place.id)?.similarity ?? 0).toFixed(2)}`).join(', ')} (${cache})`);
      }
    } finally {
      await session.dispose();
    }
  }
  if (options.keep || options.write) await keepInRepository(model.digest, completionTask, variants);
  const done = places.filter(({ id }) => arms.every((arm) => resultOf(arm, id)));
  return { model: model.name, arms: figuresOf(new Map(arms.map((arm) => [arm, done.flatMap(({ id }) => resultOf(arm, id) ?? [])]))) };
}
