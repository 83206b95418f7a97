/**
 * Completion of the next line where it needs another file: lines of held-out packages from npm and PyPI that use a name which the file imports from its own
 * package, and which stands nowhere before in the file but in the import (the method of CrossCodeEval, Ding et al., 2023, and RepoBench, Liu et al., 2023). Each is completed from its first
 * token, without context, with the file before it, and with the workspace; exact match and edit similarity.
 *
 *   npm run bench:completion -- [--places 40] [--seconds LIMIT] [--seed 1] [--write]
 *
 * Results are kept as they come: a run goes on where the last one ended. The corpus is made by `.scripts/bundledModel/corpus.ts`.
 */
import { parseArgs } from 'node:util';
import { openBenchSession } from './benchSession.ts';
import { Deadline, KeptResults } from './bundled/kept.ts';
import { ARMS, type Arm, completePlace, type PlaceResult } from './completion/arms.ts';
import { figuresOf, reportOf } from './completion/figures.ts';
import { heldOutPlaces } from './completion/places.ts';
import { packageWorkspace } from './completion/packageWorkspace.ts';
import { writeReport } from './report.ts';

const { values: options } = parseArgs({
  options: {
    places: { type: 'string', default: '40' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});

const deadline = new Deadline(options.seconds === undefined ? undefined : Number(options.seconds));
const session = await openBenchSession();
const kept = new Map<Arm, KeptResults<PlaceResult>>();
for (const arm of ARMS) kept.set(arm, await KeptResults.open<PlaceResult>(session.loaded.name.replaceAll(/\W+/g, '-'), `cross-file-${arm}`));

const places = await heldOutPlaces(Number(options.places), Number(options.seed));
try {
  for (const place of places) {
    const open = ARMS.filter((arm) => kept.get(arm)?.get(place.id) === undefined);
    if (open.length === 0) continue;
    if (deadline.isOver) break;
    await using workspace = await packageWorkspace(place);
    for (const arm of open) {
      const result = await completePlace(session, place, arm, workspace);
      await kept.get(arm)?.add(result);
    }
    console.log(`${place.id}: ${ARMS.map((arm) => `${arm} ${(kept.get(arm)?.get(place.id)?.similarity ?? 0).toFixed(2)}`).join(', ')}`);
  }
} finally {
  await session.dispose();
}

const done = places.filter(({ id }) => ARMS.every((arm) => kept.get(arm)?.get(id) !== undefined));
const figures = figuresOf(new Map(ARMS.map((arm) => [arm, done.map(({ id }) => kept.get(arm)?.get(id) as PlaceResult)])));
console.log(reportOf(figures));
if (options.write) {
  const command = `npm run bench:completion -- --places ${options.places} --seed ${options.seed} --write`;
  await writeReport({ name: 'completion', title: 'Completions that need another file', body: reportOf(figures), figures, model: session.loaded.name, command });
}
