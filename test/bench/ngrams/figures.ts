import { NGRAM_LENGTHS } from '../../../sidecar/models/decoding/ngramModel.ts';
import { meanOf, type Paired, pairedDifference } from '../bundled/paired.ts';
import { choosesRight, fitWeights, natsOf, type TokenRecord, type Weights } from './cacheModel.ts';
import { type DraftCounts, sumOf } from './drafts.ts';
import type { DraftResult, TokenResult } from './results.ts';

export interface NgramFigures {
  readonly draftPlaces: number;
  readonly drafts: readonly {
    readonly written: 'line' | 'block';
    readonly from: 'prompt' | 'files';
    readonly counts: DraftCounts;
  }[];
  /** The number of lines in the tables of models. */
  readonly modelPlaces: number;
  readonly models: readonly {
    readonly prompt: 'file' | 'workspace';
    /** The texts that are searched for matches. */
    readonly texts: 'prompt' | 'files';
    /**
     * By the counted quantity of a line: the value of the network alone, and the difference of the mixture to it, line
     * by line.
     */
    readonly counts: Readonly<Record<keyof typeof COUNTED, { readonly alone: Paired; readonly gain: Paired }>>;
    /** Fitted on all lines. */
    readonly weights: Weights;
  }[];
}

const share = (parts: readonly boolean[]): number => parts.filter(Boolean).length / parts.length;
const rightOf = (line: readonly TokenRecord[], mixed?: Weights): readonly boolean[] =>
  line.map((record) => choosesRight(record, mixed));

const nats = (records: readonly TokenRecord[], mixed?: Weights): number =>
  meanOf(records.map((record) => natsOf(record, mixed))).mean;

/** The counted quantities of the tokens of a line, or of the block that begins with it. */
const COUNTED = {
  nats: { written: 'line', count: nats },
  right: { written: 'line', count: (line, mixed) => share(rightOf(line, mixed)) },
  ahead: { written: 'line', count: (line, mixed) => [...rightOf(line, mixed), false].indexOf(false) },
  blockNats: { written: 'block', count: nats },
  blockRight: { written: 'block', count: (block, mixed) => share(rightOf(block, mixed)) },
} as const satisfies Readonly<
  Record<
    string,
    { readonly written: 'line' | 'block'; readonly count: (records: readonly TokenRecord[], mixed?: Weights) => number }
  >
>;

export interface NgramsOfModel extends NgramFigures {
  readonly model: string;
}

export function figuresOf(draftResults: readonly DraftResult[], results: readonly TokenResult[]): NgramFigures {
  const packages = [...new Set(results.map(({ packageName }) => packageName))].sort();
  // Weights are not used on a package that they were fitted on.
  const halfOf = ({ packageName }: TokenResult): number => packages.indexOf(packageName) % 2;
  const drafts = (['line', 'block'] as const).flatMap((written) =>
    (['prompt', 'files'] as const).map((from) => ({
      written,
      from,
      counts: sumOf(draftResults.map((result) => result[written][from])),
    })),
  );
  const models = (['file', 'workspace'] as const).flatMap((prompt) =>
    (['prompt', 'files'] as const).map((texts) => {
      const fitted = (half?: number): Weights =>
        fitWeights(results.filter((result) => halfOf(result) !== half).flatMap((result) => result[prompt][texts]));
      const halves = [fitted(0), fitted(1)];
      const counted = (key: keyof typeof COUNTED): { alone: Paired; gain: Paired } => {
        const { written, count } = COUNTED[key];
        const countsBy = (weightsFor: (result: TokenResult) => Weights | undefined): readonly number[] =>
          results.map((result) =>
            count(
              result[prompt][texts].slice(0, written === 'line' ? result.lineTokens : undefined),
              weightsFor(result),
            ),
          );
        const alone = countsBy(() => undefined);
        return {
          alone: meanOf(alone),
          gain: pairedDifference(
            countsBy((result) => halves[halfOf(result)]),
            alone,
          ),
        };
      };
      const counts = {
        nats: counted('nats'),
        right: counted('right'),
        ahead: counted('ahead'),
        blockNats: counted('blockNats'),
        blockRight: counted('blockRight'),
      };
      return { prompt, texts, counts, weights: fitted() };
    }),
  );
  return { draftPlaces: draftResults.length, drafts, modelPlaces: results.length, models };
}

export function reportOf(models: readonly NgramsOfModel[]): string {
  return [
    'Lines of held-out packages from npm and PyPI. Each is the first that uses a name which its file imports from its own package. The written text is that of the package, so that only the source',
    'of the drafts differs. Everything is a count, which other load does not change.',
    ...models.flatMap(({ model, draftPlaces, drafts, modelPlaces, models: mixed }) => [
      ...(models.length > 1 ? ['', `## ${model}`] : []),
      ...draftLines(draftPlaces, drafts),
      ...(modelPlaces === 0 ? [] : cacheModelLines(modelPlaces, mixed)),
    ]),
  ].join('\n');
}

function draftLines(places: number, drafts: NgramFigures['drafts']): string[] {
  const written = { line: 'the line', block: '200 tokens from there' } as const;
  const from = { prompt: 'the prompt', files: 'the prompt and whole files' } as const;
  return [
    '',
    '### Drafts',
    '',
    `${places} lines. The prompt contains the snippets of other files that the product chooses. Whole files are those that the engine gets for drafting, of at most 65,536 tokens.`,
    '',
    '| written | drafts from | tokens per evaluation | right guesses |',
    '|---|---|---|---|',
    ...drafts.map(
      ({ written: what, from: source, counts }) =>
        `| ${written[what]} | ${from[source]} | ${(counts.tokens / Math.max(1, counts.evaluations)).toFixed(2)} | ${counts.accepted} of ${counts.drafted} (${((100 * counts.accepted) / Math.max(1, counts.drafted)).toFixed(1)} %) |`,
    ),
  ];
}

function cacheModelLines(places: number, models: NgramFigures['models']): string[] {
  const prompts = { file: 'the file', workspace: 'the file and others' } as const;
  const searched = { prompt: 'the prompt', files: 'whole files' } as const;
  const percent = ({ mean, standardError }: Paired): string =>
    `${(100 * mean).toFixed(1)} ± ${(100 * standardError).toFixed(1)} %`;
  const number = ({ mean, standardError }: Paired): string => `${mean.toFixed(3)} ± ${standardError.toFixed(3)}`;
  const rows = {
    nats: ['the line: nats per token', number],
    right: ['the line: tokens that are the likeliest', percent],
    ahead: ['the line: such tokens from its start', number],
    blockNats: ['200 tokens: nats per token', number],
    blockRight: ['200 tokens: tokens that are the likeliest', percent],
  } as const;
  return [
    '',
    '### As a cache language model',
    '',
    'The network’s probabilities, interpolated with the shares of the continuations of the longest match (of at least two tokens) in the prompt, or in the whole files. There is one weight for each range of lengths, used on every other package and',
    `fitted on the rest. Each token of ${places} lines, and of the 200 tokens that begin with the line, is predicted after the right tokens before it. Standard errors are of the mean over lines.`,
    '',
    '| prompt | matches in | counted | the network | difference when interpolated |',
    '|---|---|---|---|---|',
    ...models.flatMap(({ prompt, texts, counts }) =>
      (Object.keys(rows) as (keyof typeof rows)[]).map(
        (key) =>
          `| ${prompts[prompt]} | ${searched[texts]} | ${rows[key][0]} | ${rows[key][1](counts[key].alone)} | ${rows[key][1](counts[key].gain)} |`,
      ),
    ),
    '',
    ...models.map(
      ({ prompt, texts, weights }) =>
        `Weights with ${prompts[prompt]} in the prompt and matches in ${searched[texts]}, for matches of ${NGRAM_LENGTHS.join(', ')} tokens and more: ${weights.map((weight) => weight.toFixed(2)).join(', ')}.`,
    ),
  ];
}
