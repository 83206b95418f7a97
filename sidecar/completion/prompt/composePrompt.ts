import type { TextEngine } from '../../engine/engine.ts';
import type { LoadedModel, TokenId } from '../../protocol/engine.ts';
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
  /** The tokens of other files, in order, with their heads. */
  readonly context?: readonly TokenId[];
  /** Whether to take back the tokens at the cursor. Only benches turn it off. */
  readonly healing?: boolean;
}

export interface ComposedPrompt extends HealedPrompt {
  /** The tokens of the text that the model continues. They may stand before the suffix. */
  readonly before: readonly TokenId[];
}

/** Returns the tokens that ask `model` for the text between prefix and suffix. */
export async function composePrompt(options: ComposeOptions): Promise<ComposedPrompt> {
  const { engine, model, fim, maxTokens } = options;
  const tokenize = (part: string): Promise<readonly TokenId[]> =>
    part === '' ? Promise.resolve([]) : engine.tokenize(part, { special: false });
  const bos = model.special.addBos && model.special.bos !== undefined ? [model.special.bos] : [];
  const { context = [] } = options;
  const isAfterOthers = context.length > 0;
  // Without fill-in-the-middle marks, the prefix and the text before it are tokenized as one text.
  const textBefore = ({ prefix, suffix }: PromptText): string =>
    (fim === undefined ? continuationHead({ prefix, suffix }, { ...options, isAfterOthers }) : '') + prefix;
  let text = options.text;
  const [whole, suffix] = await Promise.all([
    tokenize(textBefore(text)),
    fim === undefined ? [] : tokenize(text.suffix),
  ]);
  let allBefore = whole;
  const step = Math.max(1, maxTokens >> 3);
  const suffixTokens = fim === undefined && allBefore.length > maxTokens ? (await tokenize(text.suffix)).length : 0;
  // The first cut is an estimate: cut lines and the separator change the number of tokens a little.
  for (
    let less = step * Math.ceil((allBefore.length - maxTokens) / step);
    suffixTokens > 0 && text.suffix !== '' && allBefore.length > maxTokens;
    less += step
  ) {
    text = { ...text, suffix: nearest(options.text.suffix, 1 - less / suffixTokens) };
    allBefore = await tokenize(textBefore(text));
  }
  const before = textBefore(text);
  const prefix =
    fim === undefined ? allBefore : keepLast(allBefore, maxTokens - Math.min(suffix.length, maxTokens >> 2));
  const healed =
    options.healing === false ? { tokens: prefix, requiredPrefix: '' } : await healPrompt(engine, before, prefix);

  if (fim === undefined) {
    const tokens = [...bos, ...context, ...keepLast(healed.tokens, maxTokens)];
    return {
      tokens: tokens.length > 0 ? tokens : firstToken(model),
      requiredPrefix: healed.requiredPrefix,
      before: healed.tokens,
    };
  }
  const header =
    fim.fileHeader ??
    (isAfterOthers && fim.fileMark !== undefined ? (path: string) => `${fim.fileMark}${path}\n` : undefined);
  const ownHead = header === undefined ? [] : await engine.tokenize(header(options.path), { special: true });
  const unmarked =
    isAfterOthers && fim.fileMark === undefined ? await tokenize(pathComment(options.path, options.languageId)) : [];
  const parts = {
    context,
    header: ownHead,
    prefix: [...unmarked, ...healed.tokens],
    suffix: suffix.slice(0, maxTokens >> 2),
  };
  return { tokens: [...bos, ...arrangeFim(fim, parts)], requiredPrefix: healed.requiredPrefix, before: healed.tokens };
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
