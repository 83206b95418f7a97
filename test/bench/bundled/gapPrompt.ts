import { createHash } from 'node:crypto';
import { readCursor } from '../../../sidecar/completion/cursor.ts';
import { composePrompt } from '../../../sidecar/completion/prompt/composePrompt.ts';
import type { FimFormat } from '../../../sidecar/completion/prompt/fim.ts';
import { budgetOf, promptText } from '../../../sidecar/completion/prompt/prompt.ts';
import type { TokenIndex } from '../../../sidecar/models/decoding/tokenIndex.ts';
import { allowedIndentations } from '../../../sidecar/syntax/allowedIndentations.ts';
import type { BenchNetworks } from './benchNetworks.ts';
import type { Gap } from './gaps.ts';

/** As many tokens as completion uses of a file on a laptop. Functions of HumanEval fit as a whole. */
export const BUDGET_TOKENS = 1024;

/** A model that gaps are asked of. */
export interface AskedModel {
  readonly opened: BenchNetworks;
  readonly fim: FimFormat | undefined;
  readonly index: TokenIndex;
}

/** The prompt of a gap, as completion makes it. */
export interface GapPrompt {
  readonly tokens: readonly number[];
  readonly requiredPrefix: string;
  readonly indentations: readonly string[] | undefined;
  readonly digest: string;
}

/** Returns the prompt of a gap. Throws if there is no cursor in it. */
export async function gapPrompt({ opened, fim }: Omit<AskedModel, 'index'>, gap: Gap): Promise<GapPrompt> {
  const { path, languageId } = gap;
  const text = gap.prefix + gap.suffix;
  const cursor = readCursor({
    uri: `file:///${path}`,
    languageId,
    text,
    offset: gap.prefix.length,
    explicit: false,
    clientKey: 'bench',
    settings: {},
  });
  if (cursor === undefined) throw new Error(`No cursor in ${gap.id}`);
  const surroundings = promptText(cursor, budgetOf(BUDGET_TOKENS));
  const { tokens, requiredPrefix } = await composePrompt({
    engine: opened.engine,
    model: opened.loaded,
    fim,
    text: surroundings,
    path,
    languageId,
    maxTokens: BUDGET_TOKENS,
  });
  const indentations = allowedIndentations(cursor);
  const asked = `${tokens.join()} ${requiredPrefix} ${JSON.stringify(indentations)}`;
  return {
    tokens,
    requiredPrefix,
    indentations,
    digest: createHash('sha1').update(asked).digest('hex').slice(0, 12),
  };
}
