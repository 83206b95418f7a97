import { TroubleError } from '../../common/troubleError.ts';
import type { LoadedModel, TokenId } from '../../protocol/engine.ts';
import type { Random } from '../train/random.ts';
import type { Fact } from './facts.ts';
import type { TextFile } from './textFiles.ts';

/**
 * Where the text of contexts comes from: files without end, or those there are, in an order that the numbers decide.
 */
export type TextSource = (random: Random) => Iterable<TextFile>;

/** How a model reads texts. */
export interface ContextTokenizer {
  tokenize(text: string): Promise<readonly TokenId[]>;
  /** What stands before a text. */
  readonly start: readonly TokenId[];
}

/** Something that is to be hidden at a share, 0 to 1, of a context, in a file whose name ends so. */
interface HiddenFact {
  readonly share: number;
  readonly fact: (ending: string) => Fact;
}

export interface Context {
  readonly tokens: readonly TokenId[];
  /** In the order of what was to be hidden. */
  readonly facts: readonly Fact[];
}

interface Line {
  readonly text: string;
  readonly ending: string;
}

/** More characters than tokens need on average. */
const CHARACTERS_PER_TOKEN = 12;
/** A context that all texts together make is no shorter than this share of what was asked for. */
const LEAST_SHARE = 0.9;
/** A fact is put between two paragraphs where there are such no farther than this share of the context away. */
const NEAR_SHARE = 0.05;

/** All texts once, in random order. */
export function filesInRandomOrder(files: readonly TextFile[]): TextSource {
  return (random) => [...random.order(files.length)].map((index) => files[index] as TextFile);
}

/** As many generated texts as are wanted. */
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
 * As many lines of texts as fit into `maxTokens` with what is hidden among them, and `end` behind them. Throws
 * `TroubleError` 'invalid-input' where there is not enough text.
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
  // Of lines: `low` - 1 fit, and `high` + 1 do not.
  let [low, high] = [0, lines.length];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const context = await compose(middle);
    if (context.tokens.length > maxTokens) high = middle - 1;
    else [best, low] = [context, middle + 1];
  }
  if (!best)
    throw new TroubleError(
      'invalid-input',
      `What is to be found takes more than the ${maxTokens} tokens of a context.`,
    );
  if (low > lines.length && best.tokens.length < LEAST_SHARE * maxTokens)
    throw new TroubleError(
      'invalid-input',
      `The texts make ${best.tokens.length} tokens; a context of ${maxTokens} needs more.`,
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

/** Puts each fact on a line of its own. */
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
