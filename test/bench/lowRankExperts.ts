/**
 * Compares mixtures of low-rank experts with one adapter of equal bytes, over a frozen quantised model:
 *
 *   npx tsx test/bench/lowRankExperts.ts [--model NAME|FILE] [--rank 8] [--tokens 30000] [--seeds 1]
 *     [--skip-together] [--write]
 *
 * Each of four domains has an adapter of `--rank`, trained on `--tokens` tokens. One adapter has the rank of all four
 * together, and is trained on all their tokens. So are as many experts with their routers, unless `--skip-together`.
 * Smaller experts over a shared adapter have the same bytes together.
 *
 * Trained adapters are kept in the developer cache, so a run goes on where it was interrupted. The texts come from `npx
 * tsx .scripts/bundledModel/corpus.ts`.
 */
import { stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { developerCacheFolder, fetchModel, isFetchable } from '../../.scripts/fetchModel.ts';
import { makeArms, type Arm, type TrainedAdapters } from './lowRankExperts/arms.ts';
import { DOMAINS, textsOf, type Domain } from './lowRankExperts/domains.ts';
import { measureArm } from './lowRankExperts/measureArm.ts';
import { trainOverShared } from './lowRankExperts/expertsOverShared.ts';
import { expertsTable, type ArmScores } from './lowRankExperts/table.ts';
import { trainAdapter } from './lowRankExperts/trainAdapter.ts';
import { writeReport } from './report.ts';
import { shuffled } from './shuffled.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'smollm2-135m' },
    rank: { type: 'string', default: '8' },
    tokens: { type: 'string', default: '30000' },
    seeds: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    'skip-together': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const [rank, tokens, seeds, threads] = [values.rank, values.tokens, values.seeds, values.threads].map(Number) as [
  number,
  number,
  number,
  number,
];
const modelPath = isFetchable(values.model) ? await fetchModel(values.model) : path.resolve(values.model);
const modelName = path.basename(modelPath, '.gguf');
const training = await byDomain((domain) => textsOf('training', domain));
const heldOut = await byDomain((domain) => textsOf('held-out', domain));

const totals = new Map<string, ArmScores>();
for (let seed = 1; seed <= seeds; seed++) for (const arm of await makeArms(await trainAll(seed))) await measure(arm);
const arms = [...totals.values()];
console.log(expertsTable(arms));
if (values.write) await write();

async function trainAll(seed: number): Promise<TrainedAdapters> {
  const folder = path.join(developerCacheFolder(), 'low-rank-experts', `${modelName}-${rank}-${tokens}-${seed}`);
  const shared = { modelPath, folder, seed, threads };
  const adapters = await byDomain((domain) =>
    trainAdapter({ ...shared, name: domain, rank, tokens, texts: training[domain] }),
  );
  const ofAll = {
    ...shared,
    tokens: DOMAINS.length * tokens,
    texts: shuffled(
      DOMAINS.flatMap((domain) => training[domain]),
      seed,
    ),
  };
  const all = await trainAdapter({ ...ofAll, name: 'all', rank: DOMAINS.length * rank });
  const together = values['skip-together']
    ? undefined
    : await trainAdapter({ ...ofAll, name: 'together', rank, experts: DOMAINS.length });
  const overShared = await trainOverShared({ ...ofAll, all, rank, tokens, byDomain: training });
  return { modelPath, folder, all, together, byDomain: adapters, overShared };
}

/** Adds the scores of an arm to those of other seeds. */
async function measure({ name, adaptersFor }: Arm): Promise<void> {
  const scores = await byDomain((domain) => measureArm(modelPath, adaptersFor(domain), heldOut[domain]));
  const files = new Set(DOMAINS.flatMap((domain) => adaptersFor(domain)));
  let sizeBytes = 0;
  for (const file of files) sizeBytes += (await stat(file)).size;
  const before = totals.get(name)?.scores;
  const joined = Object.fromEntries(
    DOMAINS.map((domain) => [domain, [...(before?.[domain] ?? []), ...scores[domain]]] as const),
  ) as unknown as ArmScores['scores'];
  totals.set(name, { name, sizeBytes, scores: joined });
  console.log(`Measured: ${name}`);
}

/** Calls a function for one domain after the other. */
async function byDomain<T>(of: (domain: Domain) => Promise<T>): Promise<Readonly<Record<Domain, T>>> {
  const results: [Domain, T][] = [];
  for (const domain of DOMAINS) results.push([domain, await of(domain)]);
  return Object.fromEntries(results) as Record<Domain, T>;
}

async function write(): Promise<void> {
  const texts = DOMAINS.map((domain) => `${heldOut[domain].length} of ${domain}`).join(', ');
  await writeReport({
    name: 'low-rank-experts',
    title: 'Mixtures of low-rank experts',
    body: `Adapters over ${modelName}, whose quantised weights stay as they are. Each domain has an expert of rank ${rank}, trained on ${tokens.toLocaleString('en')} tokens. The single adapter has rank ${DOMAINS.length * rank} and the tokens of all domains together.
Texts are the beginnings of files from packages that no training saw: ${texts}; prose is in 23 languages. Each token is predicted with the tokens before it given. *Lines* is the share of lines of which every token is the likeliest.
Differences are paired by text, with standard errors, over ${seeds} ${seeds === 1 ? 'seed' : 'seeds'} of training. ${values['skip-together'] ? '' : '*Trained together*: as many experts of the same rank and their routers begin at random, and learn from the texts of all domains by soft gates. '}*Mixture of projections*: experts change one attention. *Mixture of attention*: each expert attends with its own queries. The goal: a mixture with gates is at least as good as the single adapter
in every domain, better in two, and nowhere worse than the base. [How it works](../low-rank-experts.md).

${expertsTable(arms)}`,
    figures: arms,
    model: path.basename(modelPath),
    command: `npx tsx test/bench/lowRankExperts.ts --model ${values.model} --rank ${rank} --tokens ${tokens} --seeds ${seeds}${values['skip-together'] ? ' --skip-together' : ''} --write`,
  });
}
