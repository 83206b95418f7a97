/**
 * Makes `docs/results/reliability.md` of `docs/results/reliability.json`, to which `test/bench/reliability/` adds the
 * outcomes of its runs.
 *
 *   npx tsx test/bench/reliability.ts [--add FILE]...
 *
 * `--add`: outcomes that a run wrote elsewhere are taken in first.
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
