import type { TextEngine } from '../../engine/engine.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { type FimFamily, fimFamilies, type FimModel, metadataIsEvidence, nameMatches } from './fimFamilies.ts';

type Tokenizes = Pick<TextEngine, 'tokenize'>;

/** How this model fills a gap: the marks as tokens. */
export interface FimFormat {
  readonly family: string;
  readonly order: FimFamily['order'];
  readonly prefix: TokenId;
  readonly suffix: TokenId;
  readonly middle: TokenId | undefined;
  readonly end: readonly string[];
  readonly fileHeader: FimFamily['fileHeader'];
  readonly fileMark?: string | undefined;
}

/**
 * Returns the model's fill-in-the-middle format, or `undefined` if it has none. This is the first family of the table
 * whose marks are single tokens of the vocabulary. Otherwise it is the marks in the model's metadata, in
 * prefix-suffix-middle order.
 */
export async function detectFim(engine: Tokenizes, model: FimModel): Promise<FimFormat | undefined> {
  for (const family of fimFamilies) {
    if (!nameMatches(family, model)) continue;
    const format = await formatOf(family, engine, model);
    if (format) return format;
  }
  const { fimPrefix, fimSuffix, fimMiddle } = model.special;
  if (fimPrefix === undefined || fimSuffix === undefined || fimMiddle === undefined || !metadataIsEvidence(model))
    return undefined;
  return {
    family: 'metadata',
    order: 'psm',
    prefix: fimPrefix,
    suffix: fimSuffix,
    middle: fimMiddle,
    end: [],
    fileHeader: undefined,
  };
}

async function formatOf(family: FimFamily, engine: Tokenizes, model: FimModel): Promise<FimFormat | undefined> {
  const prefix = await singleToken(engine, family.prefix);
  const suffix = await singleToken(engine, family.suffix);
  const middle = family.middle === undefined ? undefined : await singleToken(engine, family.middle);
  const { fimPrefix, fimSuffix, fimMiddle } = model.special;
  // The marks in the file's metadata take precedence over their spelling.
  const format = {
    prefix: fimPrefix ?? prefix,
    suffix: fimSuffix ?? suffix,
    middle: family.middle === undefined ? undefined : (fimMiddle ?? middle),
  };
  if (prefix === undefined || suffix === undefined || (family.middle !== undefined && middle === undefined))
    return undefined;
  if (format.prefix === undefined || format.suffix === undefined) return undefined;
  return {
    family: family.name,
    order: family.order,
    ...format,
    prefix: format.prefix,
    suffix: format.suffix,
    end: family.end,
    fileHeader: family.fileHeader,
    fileMark: family.fileMark,
  };
}

async function singleToken(engine: Tokenizes, mark: string): Promise<TokenId | undefined> {
  const tokens = await engine.tokenize(mark, { special: true });
  return tokens.length === 1 ? tokens[0] : undefined;
}

/**
 * Arranges the parts of a prompt, as tokens, in the order of the model's training. Other files come first. Without a
 * mark for files, they are comments and code inside the prefix.
 */
export function arrangeFim(
  format: FimFormat,
  parts: {
    context?: readonly TokenId[];
    header: readonly TokenId[];
    prefix: readonly TokenId[];
    suffix: readonly TokenId[];
  },
): TokenId[] {
  const { context = [] } = parts;
  const middle = format.middle === undefined ? [] : [format.middle];
  const isMarked = format.fileMark !== undefined;
  const before = [format.prefix, ...(isMarked ? [] : context), ...parts.prefix];
  const after = [format.suffix, ...parts.suffix];
  const head = [...(isMarked ? context : []), ...parts.header];
  return format.order === 'psm' ? [...head, ...before, ...after, ...middle] : [...head, ...after, ...before, ...middle];
}
