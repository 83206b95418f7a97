import { meanOf, type Paired, pairedDifference } from '../bundled/paired.ts';
import type { DraftResult, TokenResult } from '../ngrams.ts';
import { choosesRight, fitWeights, natsOf, type TokenRecord, type Weights } from './cacheModel.ts';
import { type DraftCounts, sumOf } from './drafts.ts';

export interface NgramFigures {
  readonly draftPlaces: number;
  readonly drafts: readonly { readonly written: 'line' | 'block'; readonly from: 'prompt' | 'files'; readonly counts: DraftCounts }[];
  /** Of how many lines the table of models is, beside those that weights were fitted on. */
  readonly modelPlaces: number;
  readonly models: readonly {
    readonly prompt: 'file' | 'workspace';
    readonly nats: Paired;
    /** Of the mixture, less the network's own; line by line. */
    readonly natsGain: Paired;
    readonly exact: Paired;
    readonly exactGain: Paired;
    readonly weights: Weights;
  }[];
}

export function figuresOf(draftResults: readonly DraftResult[], results: readonly TokenResult[]): NgramFigures {
  const packages = [...new Set(results.map(({ packageName }) => packageName))].sort();
  const isFitted = ({ packageName }: TokenResult): boolean => packages.indexOf(packageName) % 2 === 0;
  const drafts = (['line', 'block'] as const).flatMap((written) =>
    (['prompt', 'files'] as const).map((from) => ({ written, from, counts: sumOf(draftResults.map((result) => result[written][from])) })));
  const models = (['file', 'workspace'] as const).map((prompt) => {
    const weights = fitWeights(results.filter(isFitted).flatMap((result) => result[prompt]));
    const lines = results.filter((result) => !isFitted(result)).map((result) => result[prompt]);
    const nats = (mixed?: Weights): number[] => lines.map((line) => meanOf(line.map((record) => natsOf(record, mixed))).mean);
    const exact = (mixed?: Weights): number[] => lines.map((line: readonly TokenRecord[]) => Number(line.every((record) => choosesRight(record, mixed))));
    return { prompt, weights, nats: meanOf(nats()), natsGain: pairedDifference(nats(weights), nats()), exact: meanOf(exact()), exactGain: pairedDifference(exact(weights), exact()) };
  });
  return { draftPlaces: draftResults.length, drafts, modelPlaces: results.filter((result) => !isFitted(result)).length, models };
}

export function reportOf({ draftPlaces, drafts, modelPlaces, models }: NgramFigures): string {
  const written = { line: 'the line', block: '200 tokens from there' } as const;
  const from = { prompt: 'the prompt', files: 'the prompt and whole files' } as const;
  return [
    'Lines of held-out packages from npm and PyPI, each the first that uses a name which its file imports from its own package. What is written is what the package has, so that only the source',
    'of the drafts differs. Everything is a count: other programs on the machine change nothing.',
    '',
    '## Drafts',
    '',
    `${draftPlaces} lines. The prompt holds the pieces of other files that the product chooses; whole files are those that it gives the engine to draft from, of 65,536 tokens at most.`,
    '',
    '| written | drafts from | tokens an evaluation | guesses that were right |',
    '|---|---|---|---|',
    ...drafts.map(({ written: what, from: source, counts }) =>
      `| ${written[what]} | ${from[source]} | ${(counts.tokens / Math.max(1, counts.evaluations)).toFixed(2)} | ${counts.accepted} of ${counts.drafted} (${((100 * counts.accepted) / Math.max(1, counts.drafted)).toFixed(1)} %) |`),
    ...(modelPlaces === 0 ? [] : cacheModelLines({ modelPlaces, models })),
  ].join('\n');
}

function cacheModelLines({ modelPlaces, models }: Pick<NgramFigures, 'modelPlaces' | 'models'>): string[] {
  const prompts = { file: 'the file', workspace: 'and other files' } as const;
  const share = ({ mean, standardError }: Paired): string => `${(100 * mean).toFixed(1)} ± ${(100 * standardError).toFixed(1)} %`;
  const number = ({ mean, standardError }: Paired): string => `${mean.toFixed(3)} ± ${standardError.toFixed(3)}`;
  return [
    '',
    '## As a cache language model',
    '',
    'The network’s probabilities, interpolated with the shares of what follows the longest match (of at least two tokens) in the prompt and the whole files; one weight for each range of lengths, fitted on every other',
    `package. The table is of the rest, ${modelPlaces} lines. Exact: every token of the line is the likeliest.`,
    '',
    '| prompt | nats a token | interpolated, more | exact lines | interpolated, more | weights at 2, 3, 4, 6, 9, 13 tokens |',
    '|---|---|---|---|---|---|',
    ...models.map(({ prompt, nats, natsGain, exact, exactGain, weights }) =>
      `| ${prompts[prompt]} | ${number(nats)} | ${number(natsGain)} | ${share(exact)} | ${share(exactGain)} | ${weights.map((weight) => weight.toFixed(2)).join(', ')} |`),
  ];
}
