/**
 * Measures how much of a context a model still knows if a share of it is kept or attended: recall, needle, and the
 * perplexity of continued code.
 *
 *   npx tsx test/bench/contextQuality.ts [MODEL …] [--tasks recall,needle,continuation] [--selectors tiered,snapkv]
 *     [--divisors 8,16,32] [--cache CHOICE …] [--contexts 24] [--needles 40] [--places 200] [--networks N]
 *     [--max-seconds N] [--keep] [--write]
 *
 * The default models are the seed and the bundled model. Every result is paired with the full cache. With `--cache`
 * other choices are measured, and of the comparison only those that `--selectors` names.
 *
 * Results are kept in the developer cache, and with `--keep` or `--write` in docs/results. So several runs with
 * `--max-seconds`, even on several machines, add up to a whole run. The report covers all requested models.
 *
 * All selectors that choose once are in memory together for a context, for all its questions or places: 5 GB per
 * network for a model of 135 million parameters. The texts come from `npx tsx .scripts/bundledModel/corpus.ts`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { modelsAsked } from './bundled/models.ts';
import { DIVISORS, SELECTORS } from './contextQuality/choices.ts';
import { measureQuality, TASKS, type QualityOptions } from './contextQuality/modelQuality.ts';
import { qualityReport, type QualityOfModel } from './contextQuality/report.ts';
import { Deadline } from './kept/deadline.ts';
import { writeReport } from './report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: 'string', default: TASKS.join(',') },
    selectors: { type: 'string' },
    cache: { type: 'string', multiple: true, default: [] },
    divisors: { type: 'string', default: DIVISORS.join(',') },
    contexts: { type: 'string', default: '24' },
    needles: { type: 'string', default: '40' },
    places: { type: 'string', default: '200' },
    networks: { type: 'string' },
    'max-seconds': { type: 'string' },
    keep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const selectors = listed(
  'selectors',
  values.selectors ?? (values.cache.length > 0 ? '' : SELECTORS.join(',')),
  SELECTORS,
);
const divisors = listed('divisors', values.divisors, DIVISORS.map(String));
const options: QualityOptions = {
  tasks: listed('tasks', values.tasks, TASKS),
  isWanted: ({ selector, divisor }) => selectors.includes(selector) && divisors.includes(String(divisor)),
  caches: values.cache,
  counts: { contexts: Number(values.contexts), needles: Number(values.needles), places: Number(values.places) },
  networks: values.networks === undefined ? undefined : Number(values.networks),
  deadline: new Deadline(values['max-seconds'] === undefined ? undefined : Number(values['max-seconds'])),
  keeps: values.keep || values.write,
};
const measured: QualityOfModel[] = [];
for (const model of await modelsAsked(positionals))
  measured.push({ model: model.name, figures: await measureQuality(model, options) });
const body = qualityReport(measured);
process.stdout.write(`${body}\n`);
if (values.write)
  await writeReport({
    name: 'context-quality',
    title: 'How much of a context a model still knows',
    model: measured.map(({ model }) => model).join(', '),
    body,
    figures: measured,
    command: 'npx tsx test/bench/contextQuality.ts --write',
  });

/** Returns the words of an option. Throws for a word that is not one of `words`. */
function listed<Word extends string>(option: string, value: string, words: readonly Word[]): readonly Word[] {
  const given = value === '' ? [] : value.split(',');
  return given.map((word) => {
    const known = words.find((each) => each === word);
    if (known === undefined) throw new Error(`--${option} accepts some of ${words.join(', ')}; got "${word}".`);
    return known;
  });
}
