import type { TextEngine } from '../../engine/engine.ts';
import type { LoadedModel, TokenId } from '../../protocol/engine.ts';
import { MOST_TYPED_TOKENS, type Split } from './anchorMemory.ts';
import { pathComment } from './contextFormat.ts';
import { continuationHead } from './continuation.ts';
import { arrangeFim, type FimFormat } from './fim.ts';
import { type HealedPrompt, healPrompt } from './healing.ts';
import type { PromptText } from './prompt.ts';

export interface ComposeOptions {
  readonly engine: TextEngine;
  readonly model: LoadedModel;
  readonly fim: FimFormat | undefined;
  readonly text: PromptText;
  readonly path: string;
  readonly languageId: string;
  /** The most tokens for the document. Other files come on top. */
  readonly maxTokens: number;
  /** The split of an earlier prompt, with which the text begins. Absent: the text is split at `splitAt`. */
  readonly anchor?: Split | undefined;
  /** An index in the prefix. Default: its end. */
  readonly splitAt?: number;
  /** The tokens of other files, in order, with their heads. */
  readonly context?: readonly TokenId[];
  /** Whether to take back the tokens at the cursor. Only benches turn it off. */
  readonly healing?: boolean;
}

export interface ComposedPrompt extends HealedPrompt {
  /** The tokens of the text that the model continues. They may stand before the suffix. */
  readonly before: readonly TokenId[];
  /** Absent if the model has no marks. */
  readonly split?: Split;
}

/** Returns the tokens that ask `model` for the text between prefix and suffix. */
export async function composePrompt(options: ComposeOptions): Promise<ComposedPrompt> {
  const { model, fim } = options;
  const bos = model.special.addBos && model.special.bos !== undefined ? [model.special.bos] : [];
  return fim === undefined ? composeContinuation(options, bos) : composeFim(options, fim, bos);
}

/** Without fill-in-the-middle marks, the prefix and the text before it are tokenized as one text. */
async function composeContinuation(options: ComposeOptions, bos: readonly TokenId[]): Promise<ComposedPrompt> {
  const { engine, model, maxTokens, context = [] } = options;
  const isAfterOthers = context.length > 0;
  const textBefore = ({ prefix, suffix }: PromptText): string =>
    continuationHead({ prefix, suffix }, { ...options, isAfterOthers }) + prefix;
  let text = options.text;
  let allBefore = await tokenized(engine, textBefore(text));
  const step = Math.max(1, maxTokens >> 3);
  const suffixTokens = allBefore.length > maxTokens ? (await tokenized(engine, text.suffix)).length : 0;
  // The first cut is an estimate: cut lines and the separator change the number of tokens a little.
  for (
    let less = step * Math.ceil((allBefore.length - maxTokens) / step);
    suffixTokens > 0 && text.suffix !== '' && allBefore.length > maxTokens;
    less += step
  ) {
    text = { ...text, suffix: nearest(options.text.suffix, 1 - less / suffixTokens) };
    allBefore = await tokenized(engine, textBefore(text));
  }
  const healed = await heal(options, textBefore(text), allBefore);
  const tokens = [...bos, ...context, ...keepLast(healed.tokens, maxTokens)];
  return {
    tokens: tokens.length > 0 ? tokens : firstToken(model),
    requiredPrefix: healed.requiredPrefix,
    before: healed.tokens,
  };
}

/**
 * The text is split at the anchor, or else at `splitAt`. The text between the split and the cursor comes behind the
 * middle mark. If it is long, the text is split at the cursor.
 */
async function composeFim(options: ComposeOptions, fim: FimFormat, bos: readonly TokenId[]): Promise<ComposedPrompt> {
  const { engine, text, maxTokens, context = [], anchor, splitAt = text.prefix.length } = options;
  const suffixText = anchor?.suffix ?? text.suffix;
  const suffix = (await tokenized(engine, suffixText)).slice(0, maxTokens >> 2);
  const prefixText = anchor?.prefix ?? text.prefix.slice(0, splitAt);
  const prefixTokens = anchor?.prefixTokens ?? keepLast(await tokenized(engine, prefixText), maxTokens - suffix.length);
  const typed = await tokenized(engine, text.prefix.slice(prefixText.length));
  if (typed.length > MOST_TYPED_TOKENS)
    return composeFim({ ...options, anchor: undefined, splitAt: text.prefix.length }, fim, bos);
  const isSplitHere = anchor === undefined && typed.length === 0;
  const { tokens: healed, requiredPrefix } = await heal(options, text.prefix, isSplitHere ? prefixTokens : typed);
  const [before, behindMiddle] = isSplitHere ? [healed, []] : [prefixTokens, healed];
  const { header, unmarked } = await headsOf(options, fim);
  const arranged = arrangeFim(fim, { context, header, prefix: [...unmarked, ...before], suffix });
  return {
    tokens: [...bos, ...arranged, ...behindMiddle],
    requiredPrefix,
    before: [...before, ...behindMiddle],
    split: anchor ?? {
      prefix: isSplitHere ? prefixText.slice(0, prefixText.length - requiredPrefix.length) : prefixText,
      prefixTokens: before,
      suffix: suffixText,
    },
  };
}

/** Returns the tokens that name the document: before the first mark, or else as a comment behind other files. */
async function headsOf(
  { engine, path, languageId, context = [] }: ComposeOptions,
  fim: FimFormat,
): Promise<{ readonly header: readonly TokenId[]; readonly unmarked: readonly TokenId[] }> {
  const isAfterOthers = context.length > 0;
  const marked = isAfterOthers && fim.fileMark !== undefined ? `${fim.fileMark}${path}\n` : undefined;
  const header = fim.fileHeader?.(path) ?? marked;
  return {
    header: header === undefined ? [] : await engine.tokenize(header, { special: true }),
    unmarked: isAfterOthers && fim.fileMark === undefined ? await tokenized(engine, pathComment(path, languageId)) : [],
  };
}

function tokenized(engine: TextEngine, text: string): Promise<readonly TokenId[]> {
  return text === '' ? Promise.resolve([]) : engine.tokenize(text, { special: false });
}

function heal(
  { engine, healing = true }: ComposeOptions,
  text: string,
  tokens: readonly TokenId[],
): Promise<HealedPrompt> {
  return healing ? healPrompt(engine, text, tokens) : Promise.resolve({ tokens, requiredPrefix: '' });
}

/** Returns about this share of a suffix, in whole lines nearest the cursor. */
function nearest(suffix: string, share: number): string {
  return share > 0 ? suffix.slice(0, suffix.lastIndexOf('\n', Math.floor(share * suffix.length)) + 1) : '';
}

/** Keeps at most `count` tokens. They are dropped in steps of a quarter so that the cut moves seldom. */
function keepLast(tokens: readonly TokenId[], count: number): readonly TokenId[] {
  if (tokens.length <= count) return tokens;
  const step = Math.max(1, count >> 2);
  return tokens.slice(Math.ceil((tokens.length - count) / step) * step);
}

/**
 * Returns the token for an empty text, since an engine needs at least one: the token that separates texts in training.
 */
function firstToken(model: LoadedModel): TokenId[] {
  const token = model.special.bos ?? model.special.eos;
  return token === undefined ? [] : [token];
}
