/**
 * Completion of the next line where it needs another file: lines of held-out packages from npm and PyPI that use a name which the file imports from its own
 * package, and which stands nowhere before in the file but in the import (the method of CrossCodeEval, Ding et al., 2023, and RepoBench, Liu et al., 2023). Each is completed from its first
 * token, without context, with the file before it, with the workspace, and with the workspace in caches that keep a part of it; exact match, edit similarity, how much of the start is right, and names of
 * wrong files.
 *
 *   npm run bench:completion -- [--places 40] [--caches full,snapkv:1024] [--seconds LIMIT] [--seed 1] [--write]
 *
 * Results are kept as they come: a run goes on where the last one ended. The corpus is made by `.scripts/bundledModel/corpus.ts`.
 */
import { parseArgs } from 'node:util';
import { openBenchSession } from './benchSession.ts';
import { Deadline } from './kept/deadline.ts';
import { KeptResults } from './kept/keptResults.ts';
import { type Arm, completePlace, type PlaceResult, PROMPTS } from './completion/arms.ts';
import { figuresOf, reportOf } from './completion/figures.ts';
import { heldOutPlaces } from './completion/places.ts';
import { packageWorkspace } from './completion/packageWorkspace.ts';
import { writeReport } from './report.ts';

const { values: options } = parseArgs({
  options: {
    places: { type: 'string', default: '40' },
    caches: { type: 'string', default: 'full,snapkv:1024,snapkv:512' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});

const deadline = new Deadline(options.seconds === undefined ? undefined : Number(options.seconds));
const caches = options.caches.split(',');
const arms: readonly Arm[] = [...PROMPTS.map((prompt) => ({ prompt, cache: 'full' })), ...caches.filter((cache) => cache !== 'full').map((cache) => ({ prompt: 'workspace' as const, cache }))];
const places = await heldOutPlaces(Number(options.places), Number(options.seed));
const kept = new Map<Arm, KeptResults<PlaceResult>>();
let modelName = '';

for (const cache of ['full', ...caches.filter((each) => each !== 'full')]) {
  const session = await openBenchSession({ cache });
  modelName = session.loaded.name;
  try {
    const of = arms.filter((arm) => arm.cache === cache);
    for (const arm of of) kept.set(arm, await KeptResults.open<PlaceResult>(modelName.replaceAll(/\W+/g, '-'), taskOf(arm)));
    for (const place of places) {
      const open = of.filter((arm) => kept.get(arm)?.get(place.id) === undefined);
      if (open.length === 0) continue;
      if (deadline.isOver) break;
      await using workspace = await packageWorkspace(place);
      for (const arm of open) await kept.get(arm)?.add(await completePlace(session, place, arm.prompt, workspace));
      console.log(`${place.id}: ${of.map((arm) => `${arm.prompt} ${(kept.get(arm)?.get(place.id)?.similarity ?? 0).toFixed(2)}`).join(', ')} (${cache})`);
    }
  } finally {
    await session.dispose();
  }
}

const done = places.filter(({ id }) => arms.every((arm) => kept.get(arm)?.get(id) !== undefined));
const figures = figuresOf(new Map(arms.map((arm) => [arm, done.map(({ id }) => kept.get(arm)?.get(id) as PlaceResult)])));
console.log(reportOf(figures));
if (options.write) {
  const command = `npm run bench:completion -- --places ${options.places} --caches ${options.caches} --seed ${options.seed} --write`;
  await writeReport({ name: 'completion', title: 'Completions that need another file', body: reportOf(figures), figures, model: modelName, command });
}

function taskOf({ prompt, cache }: Arm): string {
  return `cross-file-${prompt}${cache === 'full' ? '' : `-${cache.replaceAll(/\W+/g, '-')}`}`;
}
