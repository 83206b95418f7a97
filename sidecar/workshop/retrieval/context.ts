import { TroubleError } from '../../common/troubleError.ts';
import type { LoadedModel, TokenId } from '../../protocol/engine.ts';
import type { Random } from '../train/random.ts';
import type { Fact } from './facts.ts';
import type { TextFile } from './textFiles.ts';

/** A source of text for contexts: endless files, or existing files in an order that `random` decides. */
export type TextSource = (random: Random) => Iterable<TextFile>;

/** A model's tokenizer. */
export interface ContextTokenizer {
  tokenize(text: string): Promise<readonly TokenId[]>;
  /** The tokens before a text. */
  readonly start: readonly TokenId[];
}

/** A fact to hide at a position of a context, from 0 to 1, in a file whose name has this ending. */
interface HiddenFact {
  readonly share: number;
  readonly fact: (ending: string) => Fact;
}

export interface Context {
  readonly tokens: readonly TokenId[];
  /** In the order of the hidden facts. */
  readonly facts: readonly Fact[];
}

interface Line {
  readonly text: string;
  readonly ending: string;
}

/** More characters than tokens have on average. */
const CHARACTERS_PER_TOKEN = 12;
/** If all texts together are shorter than the wanted length, a context has at least this share of it. */
const LEAST_SHARE = 0.9;
/** A fact is put between two paragraphs if there is such a gap within this share of the context. */
const NEAR_SHARE = 0.05;

/** All texts once, in random order. */
export function filesInRandomOrder(files: readonly TextFile[]): TextSource {
  return (random) => [...random.order(files.length)].map((index) => files[index] as TextFile);
}

/** Any number of generated texts. */
export function generatedFiles(generate: (random: Random) => TextFile): TextSource {
  return function* (random) {
    for (;;) yield generate(random);
  };
}

export function tokenizerOf(
  engine: { tokenize(text: string): Promise<readonly TokenId[]> },
  { special }: Pick<LoadedModel, 'special'>,
): ContextTokenizer {
  return {
    tokenize: (text) => engine.tokenize(text),
    start: special.addBos && special.bos !== undefined ? [special.bos] : [],
  };
}

/**
 * Composes a context: as many lines of text as fit into `maxTokens` with the hidden facts, followed by `end`. Throws
 * `TroubleError` 'invalid-input' if there is not enough text.
 */
export async function composeContext(
  { source, random, hidden, maxTokens, end = '' }: ComposeOptions,
  tokenizer: ContextTokenizer,
): Promise<Context> {
  const lines = linesOf(source(random), maxTokens * CHARACTERS_PER_TOKEN);
  const compose = async (count: number): Promise<Context> => {
    const { text, facts } = hide(lines.slice(0, count), hidden);
    return { tokens: [...tokenizer.start, ...(await tokenizer.tokenize(text + end))], facts };
  };
  let best: Context | undefined;
  // Numbers of lines: `low` − 1 fit, and `high` + 1 do not.
  let [low, high] = [0, lines.length];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const context = await compose(middle);
    if (context.tokens.length > maxTokens) high = middle - 1;
    else [best, low] = [context, middle + 1];
  }
  if (!best)
    throw new TroubleError('invalid-input', `The hidden facts take more than the ${maxTokens} tokens of a context.`);
  if (low > lines.length && best.tokens.length < LEAST_SHARE * maxTokens)
    throw new TroubleError(
      'invalid-input',
      `The texts have only ${best.tokens.length} tokens, too few for a context of ${maxTokens}.`,
    );
  return best;
}

export interface ComposeOptions {
  readonly source: TextSource;
  readonly random: Random;
  readonly hidden: readonly HiddenFact[];
  readonly maxTokens: number;
  readonly end?: string;
}

function linesOf(files: Iterable<TextFile>, characters: number): readonly Line[] {
  const lines: Line[] = [];
  let taken = 0;
  for (const { text, ending } of files) {
    for (const line of `${text.trimEnd()}\n`.split('\n')) lines.push({ text: line, ending });
    if ((taken += text.length) >= characters) break;
  }
  return lines;
}

/** Inserts each fact as its own line. */
function hide(
  lines: readonly Line[],
  hidden: readonly HiddenFact[],
): { readonly text: string; readonly facts: readonly Fact[] } {
  const gaps = [
    0,
    ...lines.flatMap(({ text }, index) =>
      index > 0 && lines[index - 1]?.text === '' && /^\S/.test(text) ? [index] : [],
    ),
    lines.length,
  ];
  const facts: Fact[] = [];
  const before = new Map<number, Fact[]>();
  for (const { share, fact } of hidden) {
    const wanted = Math.round(share * lines.length);
    const nearest = gaps.reduce((best, gap) => (Math.abs(gap - wanted) < Math.abs(best - wanted) ? gap : best));
    const at = Math.abs(nearest - wanted) <= NEAR_SHARE * lines.length ? nearest : wanted;
    const made = fact((lines[at] ?? lines.at(-1))?.ending ?? '');
    facts.push(made);
    before.set(at, [...(before.get(at) ?? []), made]);
  }
  const texts = [...lines, undefined].flatMap((line, index) => [
    ...(before.get(index) ?? []).map(({ statement }) => statement),
    ...(line ? [line.text] : []),
  ]);
  return { text: `${texts.join('\n')}\n`, facts };
}
