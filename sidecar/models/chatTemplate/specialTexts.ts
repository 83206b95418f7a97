import type { SpecialTokens, TokenId } from '../../protocol/engine.ts';
import type { Vocabulary } from '../gguf/vocabulary.ts';

/**
 * The texts that structure a prompt, with their tokens.
 *
 * These are the control tokens of the file, and the tokens that libllama recognises as the end of a turn by their
 * texts. User-defined tokens such as `<think>` or `<table>` count only if the template contains them.
 */
export function specialTexts(
  vocabulary: Vocabulary,
  special: SpecialTokens,
  templateSource: string,
): ReadonlyMap<string, TokenId> {
  const texts = new Map<string, TokenId>();
  const add = (token: TokenId): void => {
    const text = vocabulary.tokenBytes(token, { special: true }).toString('utf8');
    if (text.trim().length > 1) texts.set(text, token);
  };
  for (let token = 0; token < vocabulary.size; token++) {
    if (vocabulary.isControl(token)) add(token);
    else if (vocabulary.isUserDefined(token) && templateSource.includes(vocabulary.tokenBytes(token).toString('utf8')))
      add(token);
  }
  const { bos, eos, eot, fimPrefix, fimSuffix, fimMiddle, fimPad, fimRepo, fimSeparator, endOfGeneration } = special;
  for (const token of [
    bos,
    eos,
    eot,
    fimPrefix,
    fimSuffix,
    fimMiddle,
    fimPad,
    fimRepo,
    fimSeparator,
    ...endOfGeneration,
  ])
    if (token !== undefined) add(token);
  return texts;
}
