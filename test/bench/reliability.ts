/**
 * Makes `docs/results/reliability.md` from `docs/results/reliability.json`, to which `test/bench/reliability/` adds the
 * outcomes of its runs.
 *
 *   npx tsx test/bench/reliability.ts [--add FILE]...
 *
 * `--add` first adds outcomes that a run wrote to another file.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { changeOutcomes, mergeOutcomes, OUTCOMES_FILE, readOutcomes } from './reliability/outcomes.ts';
import { reliabilityPage } from './reliability/page.ts';

const { values: options } = parseArgs({ options: { add: { type: 'string', multiple: true, default: [] } } });
for (const file of options.add) {
  const added = await readOutcomes(file);
  await changeOutcomes((outcomes) => mergeOutcomes(outcomes, added));
}
const page = reliabilityPage(await readOutcomes());
await writeFile(OUTCOMES_FILE.replace(/\.json$/, '.md'), page);
console.log(page);
