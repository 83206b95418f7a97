import { BRANCHES, layerOperations, mixtureArms, mixtureSteps, settings } from './arms.ts';
import type { Report } from '../report.ts';
import { DOMAINS, type Domain } from '../small/domains.ts';
import type { Outcome } from '../small/smallModels.ts';
import { format, signed, spread, type Spread } from '../small/spread.ts';
import { mean } from '../statistics.ts';

type Seeds = readonly ReadonlyMap<string, Outcome>[];
const TOKENS_PER_STEP = settings.sequenceTokens * settings.batchSequences;
const labels: ReadonlyMap<string, string> = new Map([
  ['seed', 'seed'],
  ...BRANCHES.map((branch) => [branch, `branch: ${branch}`] as const),
  ['continued', 'dense, continued on all texts'],
  ...mixtureArms.map(({ name, label }) => [name, label] as const),
]);

/** Returns the report of some seeds, each with the outcomes of all arms. */
export function bamReport(seeds: Seeds): Omit<Report, 'command'> {
  const names = [...labels.keys()];
  const rows = names.map((name) => {
    const cells = [...DOMAINS, undefined].map((domain) =>
      format(spread(seeds.map((seed) => perplexity(seed, name, domain)))),
    );
    const arm = mixtureArms.find((candidate) => candidate.name === name);
    return `| ${labels.get(name)} | ${cells.join(' | ')} | ${arm ? `${mixtureSteps(arm) * TOKENS_PER_STEP}` : ''} | ${arm ? (layerOperations(arm) / 1000).toFixed(0) : ''} |`;
  });
  const own = spread(
    seeds.map((seed) => mean(DOMAINS.map((domain) => perplexity(seed, domain === 'prose' ? 'seed' : domain, domain)))),
  );
  const { sizes } = settings;
  return {
    name: 'bam',
    title: 'Mixtures of experts and of attention, compared with alternatives',
    model: `Llama of ${sizes.blocks} blocks, width ${sizes.width}, ${sizes.heads} heads, network ${sizes.feedForwardWidth}, vocabulary ${settings.vocabularyTokens}, from random weights`,
    figures: {
      settings,
      perplexity: Object.fromEntries(
        names.map((name) => [
          name,
          Object.fromEntries(
            [...DOMAINS, 'average' as const].map((domain) => [
              domain,
              spread(seeds.map((seed) => perplexity(seed, name, domain === 'average' ? undefined : domain))),
            ]),
          ),
        ]),
      ),
      bySeed: seeds.map((seed) => Object.fromEntries(seed)),
      comparisons: comparisons(seeds),
    },
    body: `
For each of ${seeds.length} seeds a model learns prose (${settings.seedSteps * TOKENS_PER_STEP} tokens). Three branches of it learn TypeScript, Python and the messages of a
compiler in 13 languages (${settings.branchSteps * TOKENS_PER_STEP} tokens each, a tenth of them prose), and \`chorus upcycle\` joins them. The joined model learns from all four
kinds of text, a quarter each (${settings.mixtureSteps * TOKENS_PER_STEP} tokens, or fewer if its compute is that of BTX). All arms of a seed learn from the same texts in the same order.
The dense model that is trained further has seen as many tokens as seed, branches and mixture together. The texts for measuring are from packages, and for the compiler
from messages, that no model was trained on. Gates are the softmax times the number of experts
if not all of them run, so that the joined model begins near its experts. The paper's plain softmax would begin with a quarter of their outputs. Routers are random, the weight decay is 0.1.

Perplexity, mean ± standard deviation over seeds; the average is the mean of the four domains. Operations are in thousands per token and layer, counted as in the paper.

| | ${DOMAINS.join(' | ')} | average | tokens of the mixture | operations |
|---|${'---|'.repeat(DOMAINS.length + 3)}
${rows.join('\n')}

Each domain by the branch that learnt it: ${format(own)} on average.

## In pairs

The same seed with and without a feature: difference of the average loss over the four domains, in nats per token, mean ± standard deviation over seeds. A negative value means that the first is
better.

| | difference | seeds in which it is better |
|---|---|---|
${comparisons(seeds)
  .map(({ label, difference, better }) => `| ${label} | ${signed(difference)} | ${better} of ${seeds.length} |`)
  .join('\n')}
`,
  };
}

const pairs: readonly (readonly [string, string])[] = [
  ['expertKv', 'btx1'],
  ['expertKv', 'btx6'],
  ['sharedKv', 'btx1'],
  ['expertKv', 'sharedKv'],
  ['expertKvCompute', 'btx1'],
  ['sharedKvCompute', 'btx1'],
  ['expertKv', 'expertKvTop1'],
  ['expertKv', 'expertKvTop2'],
  ['expertKvTop2', 'expertKvTop1'],
  ['expertKvHidden', 'expertKv'],
  ['expertKv', 'averageTrained'],
  ['btx1', 'averageTrained'],
  ['averageTrained', 'average'],
  ['expertKv', 'continued'],
  ['btx1', 'continued'],
];

function comparisons(
  seeds: Seeds,
): readonly { readonly label: string; readonly difference: Spread; readonly better: number }[] {
  return pairs.map(([first, second]) => {
    const differences = seeds.map((seed) => meanLoss(seed, first) - meanLoss(seed, second));
    return {
      label: `${labels.get(first)} against ${labels.get(second)}`,
      difference: spread(differences),
      better: differences.filter((value) => value < 0).length,
    };
  });
}

const outcome = (seed: ReadonlyMap<string, Outcome>, name: string): Outcome => seed.get(name) as Outcome;
const meanLoss = (seed: ReadonlyMap<string, Outcome>, name: string): number =>
  mean(DOMAINS.map((domain) => outcome(seed, name).losses[domain]));

/** The perplexity of a domain, or the mean of all domains. */
function perplexity(seed: ReadonlyMap<string, Outcome>, name: string, domain: Domain | undefined): number {
  const { losses } = outcome(seed, name);
  return domain === undefined ? mean(DOMAINS.map((each) => Math.exp(losses[each]))) : Math.exp(losses[domain]);
}
